"""What is remembered of calls: samples as columns, chunks of them, and what they add up to."""
