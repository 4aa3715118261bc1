"""What is remembered: the only folder with SQL in it."""
