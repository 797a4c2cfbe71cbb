"""Photos, jobs, albums and batches in the GraphQL schema."""
