"""REST version 1: read a job or wait for its end, and try one again."""

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from capsite.common.errors import NotFound
from captions.api.shared.bodies import query_of
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView, IdempotentView
from captions.api.shared.waiting import jobs_wait
from captions.api.v1.resources import JobOfImageSerializer, WaitQuery
from gallery.access import job_for, require_upload
from gallery.models.job import ACTIVE
from gallery.services.jobs import job_again


class JobDetail(ApiView):
    """``GET /api/v1/jobs/{id}``."""

    @endpoint(
        name="job_read",
        tag="jobs",
        summary="Read a job, or wait for its end",
        query=[WaitQuery],
        answers={200: JobOfImageSerializer},
        codes=["invalid", "not_found"],
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """Answer the job once it has ended, or after ``wait`` seconds."""
        seconds = query_of(request, WaitQuery)["wait"]
        jobs = jobs_wait([job_for(request.user, job_id)], seconds)
        if not jobs:  # its photo was deleted meanwhile
            raise NotFound
        return Response(JobOfImageSerializer(jobs[0]).data)


class JobRetry(IdempotentView):
    """``POST /api/v1/jobs/{id}/retry``."""

    scopes = {"POST": Scope.CAPTIONS_WRITE}

    @endpoint(
        name="job_retry",
        tag="jobs",
        summary="Ask again for what a failed job asked",
        description="Answers a new job; one that is active or done already answers itself.",
        answers={
            200: OpenApiResponse(JobOfImageSerializer, "It was done already."),
            202: OpenApiResponse(JobOfImageSerializer, "It waits or is at work."),
        },
        codes=["not_found", "sign_in_required", "cross_site"],
        writes=True,
        idempotent=True,
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Answer 202 with the job that is on its way, or 200 with the one that is done."""
        require_upload(request.user)
        job = job_again(job_for(request.user, job_id))
        status = 202 if job.state in ACTIVE else 200
        return Response(JobOfImageSerializer(job).data, status=status)
