"""Metrics, traces and error reports: each off, and free, until its setting names where they go."""

from capsite.settings import env
from capsite.settings.revision import revision_of

# Who may ask a web process for /metrics: with a token whoever sends it, without one whoever comes
# from a private address and through no proxy.
CAPSITE_METRICS_TOKEN = env.text("CAPSITE_METRICS_TOKEN")
# The port of worker, courier or beat; for those inside, as it asks for no token. 0: none.
CAPSITE_METRICS_PORT = env.integer("CAPSITE_METRICS_PORT", 0, minimum=0, maximum=65_535)
CAPSITE_METRICS_HOST = env.text("CAPSITE_METRICS_HOST") or "0.0.0.0"  # nosec B104
# Where web processes that share one socket add up their figures; the supervisor sets it.
CAPSITE_METRICS_SHARED = env.text("PROMETHEUS_MULTIPROC_DIR")

CAPSITE_SENTRY_DSN = env.text("CAPSITE_SENTRY_DSN")
# The SDK reads this name too, and the other OTEL_ ones that its documentation names.
CAPSITE_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")

# The commit that runs, for /version/ and the reports.
CAPSITE_REVISION = env.text("CAPSITE_REVISION") or revision_of(env.BASE_DIR)
