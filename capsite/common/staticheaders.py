"""What every static file says of itself; the settings import it, so it needs no Django."""

from wsgiref.headers import Headers


def add_headers(headers: Headers, _path: str, _url: str) -> None:
    """Say that its type is meant, as SecurityMiddleware says of all the rest."""
    headers["X-Content-Type-Options"] = "nosniff"
