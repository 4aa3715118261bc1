"""Commands that have a file of their own: what is typed, what is done, and what is printed."""
