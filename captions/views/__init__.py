"""Votes and reports, as pages and as the pieces of pages that scripts fetch."""
