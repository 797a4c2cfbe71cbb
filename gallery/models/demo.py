"""How far the demo content has come, so that nothing of it is made twice or left behind."""

from django.db import models


class DemoStep(models.Model):
    """One part of the demo content that is there; written in the transaction that made it."""

    name = models.CharField(max_length=80, primary_key=True)
    facts = models.JSONField(default=dict)  # what a removal needs to know
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        """Return the name."""
        return self.name
