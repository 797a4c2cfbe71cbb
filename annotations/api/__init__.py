"""The REST API of published texts and of search; captions may not import what it shows."""
