"""Usage as Parquet files, one a table and day, for whoever analyses it (docs/operations.md)."""
