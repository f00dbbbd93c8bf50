"""What a page's markup says, however it is laid out."""

from __future__ import annotations

import re

from django.http import HttpResponse


def markup(response: HttpResponse) -> str:
    return one_line(response.content.decode())


def one_line(html: str) -> str:
    """One space between words, none at the edges inside of a tag or an element."""
    line = " ".join(html.split()).replace(" >", ">")
    return re.sub(r"(<[a-z][^<>]*>) ", r"\1", line).replace(" </", "</")
