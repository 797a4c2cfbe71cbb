"""What stands before every API: rate limits, repeated requests, conditional and packed answers."""
