"""What was measured in a time, by everybody or by some, as long tables for other tools."""
