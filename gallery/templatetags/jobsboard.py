"""The board of jobs, for the administration's templates."""

from django import template

from gallery import jobsboard

register = template.Library()


@register.simple_tag
def jobs_board() -> jobsboard.Board:
    """Return how queues and workers are now."""
    return jobsboard.jobs_board()
