"""The roof over every app's addresses; nothing imports it."""

from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from annotations.styleguide.views import styleguide
from capsite.common.graphql.view import GraphQLView
from captions.api.shared.documents import document_urls
from captions.observing import views as observing
from gallery.views import errors, health

handler400 = errors.bad_request
handler404 = errors.not_found
handler500 = errors.server_error

rest_v1 = [
    path("api/v1/", include("captions.api.v1.urls")),
    path("api/v1/", include("annotations.api.v1.urls")),
]
rest_v2 = [
    path("api/v2/", include("captions.api.v2.urls")),
    path("api/v2/", include("annotations.api.v2.urls")),
]

urlpatterns = [
    path("", include("gallery.urls")),
    path("", include("captions.urls")),
    path("", include("captions.urls_history")),
    path("", include("annotations.urls")),
    path("", include("annotations.urls_search")),
    path("", include("annotations.statistics.urls")),
    *rest_v1,
    *rest_v2,
    *document_urls(rest_v1, version="v1"),
    *document_urls(rest_v2, version="v2"),
    path("language/", require_POST(set_language), name="set_language"),
    path("account/", include("capsite.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("api/auth/", include("allauth.headless.urls")),
    path("", include("capsite.accounts.oauth_urls")),  # consent and revocation are ours
    path("", include("allauth.idp.urls")),
    path("graphql/", GraphQLView.as_view(), name="graphql"),
    path("admin/", admin.site.urls),
    path("styleguide/", styleguide, name="styleguide"),  # for developers: 404 unless DEBUG
    path("health/live/", health.live, name="live"),
    path("health/ready/", health.ready, name="ready"),
    path("version/", observing.version, name="version"),
    path("metrics", observing.metrics, name="metrics"),
]
