"""A Django app for fault injection: its worker can be made to crash or to run out of memory."""
