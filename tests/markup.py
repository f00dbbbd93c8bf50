"""What a page's markup says, however it is laid out."""

from __future__ import annotations

import re

from django.http import HttpResponse


def markup(response: HttpResponse) -> str:
    """Its HTML in one line: one space between words, none at the edges inside of a tag or an element."""
    line = " ".join(response.content.decode().split()).replace(" >", ">")
    return re.sub(r"(<[a-z][^<>]*>) ", r"\1", line).replace(" </", "</")
