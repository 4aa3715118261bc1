"""The doors: what the world may ask of the daemon, and how it is answered."""
