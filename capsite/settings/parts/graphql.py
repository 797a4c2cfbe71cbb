"""GraphQL: what one operation may ask for, and which operations run."""

from capsite.settings import env

GRAPHENE = {"SCHEMA": "capsite.schema.schema", "SCHEMA_OUTPUT": "docs/schema.graphql"}
# The floor knows schema, grants and limits of the apps above it by this name alone.
CAPSITE_GRAPHQL_SERVER = "capsite.schema.server"

CAPSITE_GRAPHQL_MAX_DEPTH = env.integer("CAPSITE_GRAPHQL_MAX_DEPTH", 12, minimum=4, maximum=100)
CAPSITE_GRAPHQL_MAX_COST = env.integer(
    "CAPSITE_GRAPHQL_MAX_COST", 10_000, minimum=100, maximum=10_000_000
)
CAPSITE_GRAPHQL_MAX_BYTES = env.integer(
    "CAPSITE_GRAPHQL_MAX_BYTES", 65_536, minimum=1024, maximum=16_777_216
)
CAPSITE_GRAPHQL_SECONDS = env.integer("CAPSITE_GRAPHQL_SECONDS", 30, minimum=1, maximum=3600)
# Validation compares fields in pairs, so their number is bounded before it begins.
CAPSITE_GRAPHQL_MAX_TOKENS = 4_000
CAPSITE_GRAPHQL_MAX_FIELDS = 500
CAPSITE_GRAPHQL_INIT_SECONDS = 5

# A directory of .graphql files whose operations a client may name by hash; ONLY: and no others.
CAPSITE_GRAPHQL_PERSISTED_DIR = env.text("CAPSITE_GRAPHQL_PERSISTED_DIR")
CAPSITE_GRAPHQL_PERSISTED_ONLY = env.boolean("CAPSITE_GRAPHQL_PERSISTED_ONLY", False)
CAPSITE_GRAPHQL_PERSISTED_SECONDS = env.integer(
    "CAPSITE_GRAPHQL_PERSISTED_SECONDS", 86_400, minimum=60, maximum=31_536_000
)
