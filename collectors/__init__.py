"""The senses: they turn whatever the world says into events."""
