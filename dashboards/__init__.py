"""Pictures of names that the monitor promises to keep."""
