"""A Twilio that answers like Twilio, with people in its rooms: for the demo, for tests, and for load."""
