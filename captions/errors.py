"""What the captions app refuses."""

from capsite.common.errors import CapsiteError


class RegistryError(CapsiteError):
    """The registry of models refuses; nothing was changed."""
