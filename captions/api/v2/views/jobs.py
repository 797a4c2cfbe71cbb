"""Jobs: list, read, wait for one, try one again."""

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from capsite.common.errors import NotFound
from captions.api.shared.bodies import query_of
from captions.api.shared.pagination import keyset_page, page_serializer
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView, IdempotentView
from captions.api.shared.waiting import jobs_wait
from captions.api.v2.asking import status_of
from captions.api.v2.serializers.jobs import JobSerializer, JobsQuery, WaitQuery
from gallery.access import job_for, jobs_listed, require_upload
from gallery.services.jobs import job_again

NEWEST = ("-created_at", "-id")


class Jobs(ApiView):
    """``GET /api/v2/jobs``."""

    @endpoint(
        name="jobs_list",
        tag="jobs",
        summary="List jobs, the newest first",
        description="Those of public photos and of your own.",
        query=[JobsQuery],
        answers={200: page_serializer(JobSerializer)},
        codes=["invalid", "bad_cursor"],
    )
    def get(self, request: Request) -> Response:
        """Answer a page of jobs."""
        query = query_of(request, JobsQuery)
        rows = jobs_listed(request.user)
        if "state" in query:
            rows = rows.filter(state=query["state"])
        if "image" in query:
            rows = rows.filter(image_id=query["image"])
        page = keyset_page(request, rows, NEWEST)
        return page.answer(lambda jobs: JobSerializer(jobs, many=True).data)


class JobDetail(ApiView):
    """``GET /api/v2/jobs/{id}``."""

    @endpoint(
        name="job_read",
        tag="jobs",
        summary="Read a job, or wait for its end",
        query=[WaitQuery],
        answers={200: JobSerializer},
        codes=["invalid", "not_found"],
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """Answer the job once it has ended, or after ``wait`` seconds."""
        seconds = query_of(request, WaitQuery)["wait"]
        jobs = jobs_wait([job_for(request.user, job_id)], seconds)
        if not jobs:  # its photo was deleted meanwhile
            raise NotFound
        return Response(JobSerializer(jobs[0]).data)


class JobRetry(IdempotentView):
    """``POST /api/v2/jobs/{id}/retry``."""

    scopes = {"POST": Scope.CAPTIONS_WRITE}

    @endpoint(
        name="job_retry",
        tag="jobs",
        summary="Ask again for what a failed job asked",
        description="Answers a new job; one that is active or done already answers itself.",
        answers={
            200: OpenApiResponse(JobSerializer, "It was done already."),
            202: OpenApiResponse(JobSerializer, "It waits or is at work."),
        },
        codes=["not_found", "sign_in_required", "cross_site"],
        writes=True,
        idempotent=True,
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Answer 202 with the job that is on its way, or 200 with the one that is done."""
        require_upload(request.user)
        job = job_again(job_for(request.user, job_id))
        return Response(JobSerializer(job).data, status=status_of([job]))
