"""The store of several replicas: one PostgreSQL, on which nothing is true but what is in it."""
