"""What every GraphQL tree stands on: ids, pages, loaders, limits, errors, view and socket."""
