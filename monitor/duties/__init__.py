"""What only one process may do at a time, and which one does it."""
