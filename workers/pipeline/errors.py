"""Every way the pipeline can fail, each with a stable code and whether trying again could help."""

from __future__ import annotations


class PipelineError(Exception):
    """A failure while captioning.

    `code` is stable for programs, `message` is one sentence for people.
    """

    def __init__(self, code: str, message: str, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable

    def __str__(self) -> str:
        return self.message


class PhotoError(PipelineError):
    """The bytes cannot be read as a photo.

    The same bytes will never do better, so it is terminal.
    """

    def __init__(self, message: str) -> None:
        super().__init__("photo_unreadable", message, retryable=False)


class RequestError(PipelineError):
    """The request asks for what no captioner offers: an unknown strategy, no captions."""

    def __init__(self, message: str) -> None:
        super().__init__("request_invalid", message, retryable=False)


class OutOfMemory(PipelineError):
    """The device ran out of memory; a smaller batch or a calmer moment may succeed."""

    def __init__(self, message: str = "The device ran out of memory while captioning.") -> None:
        super().__init__("out_of_memory", message, retryable=True)


class InferenceError(PipelineError):
    """The network failed for a reason that is not the photo's; worth another attempt."""

    def __init__(self, message: str) -> None:
        super().__init__("inference_failed", message, retryable=True)


class ModelError(PipelineError):
    """A model directory is missing, incomplete or contradicts itself."""

    def __init__(self, message: str) -> None:
        super().__init__("model_unusable", message, retryable=False)
