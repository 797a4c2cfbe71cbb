"""Captions, votes, moderation, models and webhooks in the GraphQL schema."""
