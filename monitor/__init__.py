"""The house: remembers events, shows them, and keeps everything running."""

__version__ = "0.1.0"
