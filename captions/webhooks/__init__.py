"""Webhooks: endpoints that members register, and every delivery to them."""
