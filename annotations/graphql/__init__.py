"""Published texts, their versions, and search in the GraphQL schema."""
