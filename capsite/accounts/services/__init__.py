"""The only writers of what belongs to a person's way in."""
