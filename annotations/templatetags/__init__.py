"""What the templates ask about published texts."""
