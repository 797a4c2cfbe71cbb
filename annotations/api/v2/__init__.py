"""Published texts and search in REST version 2."""
