"""Published texts and their versions, as pages and as the pieces that scripts fetch."""
