"""Back-tests: what would have been sent, had these rules and routes been there when it happened."""
