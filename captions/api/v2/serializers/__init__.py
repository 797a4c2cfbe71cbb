"""What version 2 of the REST API reads and writes."""
