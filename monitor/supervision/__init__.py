"""Who starts this process, watches it and ends it: what systemd is told, and what it hands over."""
