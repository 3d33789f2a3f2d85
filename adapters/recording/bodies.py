"""Bodies of requests in one form, so that the order of members and the way of quoting do not count."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

SECRET_FIELDS = frozenset({"wstoken", "token", "access_token", "client_secret", "password"})
"""Fields of forms that hold credentials: they are in no recording."""
_FORM = re.compile(r"[^\s{}&=]+=[^\s{}&]*(?:&[^\s{}&=]+=[^\s{}&]*)*")


def parse_body(body: bytes) -> Any:
    """The JSON of a body, the fields of a form as pairs and without secrets, or another body as a text."""
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text) if text[:1] in {"{", "["} else _form(text)
    except ValueError:
        return text


def text_of_form(fields: Iterable[tuple[str, str]]) -> str:
    """A form as a text, sorted."""
    return urlencode(sorted(fields))


def text_of_json(document: Any) -> str:
    """A JSON value as a text, sorted."""
    return json.dumps(document, sort_keys=True)


def comparable_body(body: bytes) -> str:
    """A body as a recording has it, with its values."""
    match parse_body(body):
        case str() as text:
            return text
        case list() as form if form and isinstance(form[0], tuple):
            return text_of_form(form)
        case document:
            return text_of_json(document)


def _form(text: str) -> list[tuple[str, str]] | str:
    if not _FORM.fullmatch(text):
        return text
    return [(name, value) for name, value in parse_qsl(text, True) if name not in SECRET_FIELDS] or ""
