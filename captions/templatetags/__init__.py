"""What the templates ask about votes."""
