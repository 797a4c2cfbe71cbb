"""The only writers of captions, votes and moderation cases."""

from captions.services.store import Candidate, captions_store

__all__ = ["Candidate", "captions_store"]
