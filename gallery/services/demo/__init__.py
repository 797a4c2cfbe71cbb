"""Demo content, made by demo members on an empty site, and taken away again on request."""

from gallery.services.demo.loading import demo_load
from gallery.services.demo.removing import demo_remove
from gallery.services.demo.steps import demo_member, demo_pending, demo_step
from gallery.services.demo.story import FOLDER, Story, photo_of

__all__ = [
    "FOLDER",
    "Story",
    "demo_load",
    "demo_member",
    "demo_pending",
    "demo_remove",
    "demo_step",
    "photo_of",
]
