"""People and their keys in the GraphQL schema."""
