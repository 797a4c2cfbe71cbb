"""Backup and restore: database and photos as one checked archive (docs/operations.md)."""
