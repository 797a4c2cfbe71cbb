"""Reads JSON bodies, and refuses those that nothing behind could hold."""

import codecs
import json
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import (  # type: ignore[attr-defined]  # get_encoding is young
    JSONParser,
    MultiPartParser,
    get_encoding,
)
from rest_framework.utils import json as strict_json


class CarefulJSONParser(JSONParser):
    """JSON that is not nested without end and whose texts are Unicode."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Any = None,
    ) -> Any:
        """Return what the body says, or raise ParseError."""
        encoding = get_encoding(parser_context or {})
        try:
            text = codecs.getreader(encoding)(stream).read()
            data = strict_json.loads(text, parse_constant=strict_json.strict_constant)
            if "\\ud" in text.lower():  # half of a character cannot be stored or sent
                json.dumps(data, ensure_ascii=False).encode()
        except RecursionError:
            raise ParseError(_("It is nested too deeply.")) from None
        except UnicodeError:
            raise ParseError(_("It holds text that is not Unicode.")) from None
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from None
        return data


__all__ = ["CarefulJSONParser", "MultiPartParser"]
