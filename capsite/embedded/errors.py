"""The one error of the embedded servers: a sentence for the person who started capsite."""


class EmbeddedError(Exception):
    """An embedded server cannot be prepared or started; the text says why and what to do."""
