"""Reading bodies that anybody may send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, NoReturn

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from kernel.shapes import Cleaned

MAXIMUM_BYTES = 1_000_000


class TooLarge(APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = _("The request is larger than this address takes.")


class BoundedJSONParser(JSONParser):
    """JSON of a bounded size and depth, each member named once, with text that can be kept and answered."""

    maximum_bytes = MAXIMUM_BYTES

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Request] | None = None
    ) -> Cleaned:
        assert parser_context is not None, "the request is read where it arrives"
        length = parser_context["request"].META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > self.maximum_bytes:
            raise TooLarge
        try:
            data: Cleaned = json.loads(stream.read().decode(), object_pairs_hook=_members, parse_constant=_no_number)
            json.dumps(data, ensure_ascii=False).encode()
        except RecursionError:
            raise ParseError(_("The JSON is nested too deeply.")) from None
        except UnicodeEncodeError:  # "\ud800": an escape can say what no text can hold
            raise ParseError(_("The JSON holds half a character (a surrogate without its other half).")) from None
        except ValueError as error:
            raise ParseError(_("This is no JSON: %(why)s") % {"why": error}) from None
        return data


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _value in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ParseError(_("The JSON has the member %(name)s twice.") % {"name": json.dumps(twice[:60])})
    return members


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
