"""One file a service: how what it tells us is proven, and what it means."""
