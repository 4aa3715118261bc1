"""One call as people look at it: lanes on one axis of time, what happened in words, and what is not known."""
