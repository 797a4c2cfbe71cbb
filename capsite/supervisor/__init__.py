"""Runs capsite's processes on one machine: starts, shows, restarts and stops them."""
