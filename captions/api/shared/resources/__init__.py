"""Resources that every version shows alike; a version mounts them, or subclasses with its own."""
