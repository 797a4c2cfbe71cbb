"""The views of version 2 of the REST API, one module a resource."""
