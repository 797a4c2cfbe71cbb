"""What every GraphQL tree stands on: ids, pages, loaders, limits, errors, the HTTP view and the socket."""
