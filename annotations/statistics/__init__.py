"""Figures of the dashboard: counted by PostgreSQL ahead of time, read by whoever may see them."""
