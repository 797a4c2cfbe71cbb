"""What every version of the REST API is built from; no version imports another."""
