"""Samples and rollups in ClickHouse, behind the ports that SQLite fills by default; nothing else imports its driver."""
