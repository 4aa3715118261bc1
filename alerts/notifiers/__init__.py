"""One file per service that can be told of an alert."""
