"""The rules of the verdict: one file for each sort of cause, and what speaks for it."""
