"""The ways programs reach captions."""
