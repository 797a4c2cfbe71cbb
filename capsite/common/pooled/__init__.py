"""A database engine for Django: PostgreSQL through a pool that says so when it is exhausted."""
