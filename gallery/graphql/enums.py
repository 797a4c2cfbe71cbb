"""The choices of the gallery as GraphQL enums."""

from graphene import Enum

from gallery.models import image, job

Visibility = Enum.from_enum(image.Visibility, description="Who may see something.")
JobState = Enum.from_enum(job.State, name="JobState", description="Where a job or photo stands.")
Strategy = Enum.from_enum(job.Strategy, description="How the decoder chooses words.")
