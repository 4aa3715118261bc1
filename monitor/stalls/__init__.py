"""What kept the event loop, or the thread that writes, and for how long?"""
