"""Photos in an S3-compatible bucket, whose failures look like those of a disk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from threading import Lock
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

Answer = TypeVar("Answer")
NOT_THERE = {"404", "NoSuchKey", "NotFound"}


class StorageAway(OSError):
    """The bucket cannot be reached, or refuses; asking again later may help."""


@contextmanager
def _as_disk(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in NOT_THERE:
            raise FileNotFoundError(f"There is no {name} in the bucket.") from error
        raise StorageAway(5, f"the bucket answered {code}") from error
    except BotoCoreError as error:
        raise StorageAway(5, f"the bucket cannot be reached ({type(error).__name__})") from error


def _like_a_disk(method: Callable[..., Answer]) -> Callable[..., Answer]:
    @wraps(method)
    def wrapped(self: Any, name: str, *args: Any, **kwargs: Any) -> Answer:
        with _as_disk(name):
            return method(self, name, *args, **kwargs)

    return wrapped


class ObjectStorage(S3Storage):
    """What `default_storage` is where CAPSITE_S3_BUCKET names a bucket."""

    _made: Any = None
    _making = Lock()

    @property
    def connection(self) -> Any:
        """One for the process: under ASGI each request has a thread, and making one takes long.

        Making it is what threads must not do at once; the bucket made of it is shared anyway.
        """
        with self._making:
            if self._made is None:
                self._made = super().connection
            return self._made

    def _open(self, name: str, mode: str = "rb") -> File:
        """Read it at once: everything that is opened here is read to its end."""
        key = self._normalize_name(clean_name(name))
        with _as_disk(name):
            body = self.bucket.Object(key).get()["Body"]
            return ContentFile(body.read(), name)

    _save: Callable[..., str] = _like_a_disk(S3Storage._save)
    delete: Callable[..., None] = _like_a_disk(S3Storage.delete)
    exists: Callable[..., bool] = _like_a_disk(S3Storage.exists)
    listdir: Callable[..., tuple[list[str], list[str]]] = _like_a_disk(S3Storage.listdir)
    size: Callable[..., int] = _like_a_disk(S3Storage.size)
    get_modified_time: Callable[..., datetime] = _like_a_disk(S3Storage.get_modified_time)
