"""Writes the start of a declaration. Every line that is a guess says so, and must be confirmed before use."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import Descriptor, PersonName
from student_graph.adapters.rest.declaration.reading import TODO
from student_graph.adapters.rest.openapi.guesses import (
    LOOKUPS,
    Operation,
    attribute_guesses,
    candidate,
    operations,
)
from student_graph.adapters.rest.openapi.reading import resolve
from student_graph.adapters.rest.openapi.schemas import Property

_SIZES = ("limit", "per_page", "perPage", "page_size", "pageSize", "size", "top", "$top", "max")
_OFFSETS = ("offset", "skip", "start", "$skip")
_PAGES = ("page", "page_number", "pageNumber")
_CURSORS = ("cursor", "after", "starting_after", "page_token", "pageToken", "next_token")
_TOTALS = frozenset({"total", "totalcount", "count", "totalresults", "totalitems", "recordcount"})
_YEAR = re.compile(r"(?i)^(school|academic)?_?year$")
_CONSTANTS = {"source": "SIS", "scope": "SCHOOL"}
"""Attributes that vendors do not send, with the meaning that is usual for a student information system."""


def write_declaration(document: dict[str, Any], name: str) -> str:
    """Return the start of a declaration, from an OpenAPI document; `name` is that of its file."""
    known_operations = operations(document)
    candidates = [(lookup, op) for lookup in LOOKUPS if (op := candidate(lookup, known_operations)) is not None]
    lines = [
        f"# Started from {json.dumps(name)} by `student-graph adapters import`.",
        "# Each line that ends so is a guess: check it with the vendor's manual, and remove that comment.",
        "",
        *_head(document, [op for _, op in candidates], known_operations),
    ]
    for record, operation in {lookup.record_type: op for lookup, op in reversed(candidates)}.items():
        lines += ["", f"[records.{record.__name__}]", *_attributes(record, operation.shape.properties)]
    for lookup, operation in candidates:
        lines += ["", f"[lookups.{lookup.name}]", *_lookup(lookup, operation)]
    if not candidates:
        lines += ["", f"[lookups] # {TODO} no path looks like a lookup: write them by hand"]
    return "\n".join(lines) + "\n"


def _head(
    document: dict[str, Any], used: Sequence[Operation], all_operations: Sequence[Operation]
) -> Iterator[str]:
    info, _ = resolve(document, document.get("info"))
    vendor = re.sub(r"[^\w .,&'()+/-]", "", str(info.get("title", "")))[:80].strip()
    yield f"vendor = {_text(vendor or 'Vendor')}" + ("" if vendor else f" # {TODO} name of the product")
    if info.get("version"):
        yield f"version = {_text(str(info['version'])[:20])}"
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else {}
    url = str(first.get("url", "")) if isinstance(first, dict) else ""
    if re.fullmatch(r"https://[^{}\s?#@]+", url):
        yield f"base_url = {_text(url.rstrip('/'))} # {TODO} leave it out if each district has its own"
    checks = [op.path for op in all_operations if not op.keys] or ["/"]
    yield f"check = {_text(min(checks, key=len))} # {TODO} a small request that needs the credentials"
    yield from _auth(document, url)
    settings = sorted({name for op in used for name in _settings_of(op)})
    if settings:
        pairs = ", ".join(f'{name} = "{name} of the district"' for name in settings)
        yield f"settings = {{ {pairs} }} # {TODO} what the paths need beside the key"
    yield from _paging([op for op in used if op.shape.is_list])


def _auth(document: dict[str, Any], url: str) -> Iterator[str]:
    components, _ = resolve(document, document.get("components"))
    schemes, _ = resolve(document, components.get("securitySchemes"))
    parts: list[str] = []
    rest: list[str] = []
    for name, node in schemes.items():
        scheme, _ = resolve(document, node)
        part = _auth_part(document, scheme, url)
        (rest if part is None else parts).append(str(name) if part is None else part)
    distinct = list(dict.fromkeys(parts))
    if len(distinct) == 1:
        yield f"auth = {distinct[0]}"
    elif distinct:
        yield f"auth = [{', '.join(distinct)}] # {TODO} keep those that are used together"
    for name in rest:
        yield f"# {TODO} the security scheme {_text(name)} cannot be declared: write the adapter in Python"
    if not distinct and not rest:
        yield f'auth = {{ kind = "bearer" }} # {TODO} the document names no security scheme'


def _auth_part(document: dict[str, Any], scheme: dict[str, Any], url: str) -> str | None:
    match scheme.get("type"), str(scheme.get("scheme", "")).lower():
        case "apiKey", _ if scheme.get("in") == "header":
            return f'{{ kind = "api_key", header = {_text(str(scheme.get("name")))} }}'
        case "http", "bearer":
            return '{ kind = "bearer" }'
        case "http", "basic":
            return '{ kind = "basic" }'
        case "oauth2", _:
            flows, _ = resolve(document, scheme.get("flows"))
            flow, _ = resolve(document, flows.get("clientCredentials"))
            target = urlsplit(str(flow.get("tokenUrl", "")))
            if not flow:
                return None
            base_path = urlsplit(url).path.rstrip("/")
            path = target.path.removeprefix(base_path) or "/oauth/token"
            return f'{{ kind = "oauth2", token_path = {_text(path)} }}'
    return None


def _paging(used: Sequence[Operation]) -> Iterator[str]:
    """The style of paging of most lists."""
    styles = Counter(style for op in used if (style := _style(op)) is not None)
    if styles:
        [(style, _)] = styles.most_common(1)
        yield f"paging = {style} # {TODO} check the size, and how a response says what comes next"
    elif used:
        yield f'paging = {{ kind = "none" }} # {TODO} no parameter of a list looks like paging'


def _style(operation: Operation) -> str | None:
    names = operation.parameters
    size = next((name for name in _SIZES if name in names), None)
    total = next((p for p in operation.shape.envelope if _letters(p.path[-1]) in _TOTALS), None)
    extra = (f", size = {_text(size)}" if size else "") + (f", total = {_text(_path(total))}" if total else "")
    if (offset := next((name for name in _OFFSETS if name in names), None)) is not None:
        return f'{{ kind = "offset", offset = {_text(offset)}{extra} }}'
    if (page := next((name for name in _PAGES if name in names), None)) is not None:
        return f'{{ kind = "page", page = {_text(page)}{extra} }}'
    if (cursor := next((name for name in _CURSORS if name in names), None)) is not None:
        nexts = [
            p for p in operation.shape.envelope if "next" in p.path[-1].lower() or "cursor" in p.path[-1].lower()
        ]
        where = f"next = {_text(_path(nexts[0]))}" if nexts else 'row = "id"'
        return f'{{ kind = "cursor", parameter = {_text(cursor)}, {where}{extra} }}'
    return None


def _attributes(record: Any, properties: Sequence[Property], prefix: str = "") -> Iterator[str]:
    hints = get_type_hints(record)
    for name, guess in attribute_guesses(record, properties).items():
        hint = next((part for part in get_args(hints[name]) if part is not type(None)), hints[name])
        if hint is PersonName:
            yield from _attributes(PersonName, properties, f"{name}.")
        elif name in _CONSTANTS:
            yield f'{prefix}{name}.value = "{_CONSTANTS[name]}" # {TODO} a constant'
        elif is_dataclass(hint) and hint is not Descriptor:
            yield f"# {TODO} {name}: a table of its own"
        else:
            yield f"{prefix}{name} = {_attribute(name, hint, guess)}"


def _attribute(name: str, hint: Any, guess: Property | None) -> str:
    if guess is None:
        return f'"" # {TODO} no property of the vendor looks like it'
    path = _text(_path(guess))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return f"{{ path = {path}, codes = {{}} }} # {TODO} what each code means"
    if hint in (date, datetime) and guess.format not in ("date", "date-time"):
        return f'{{ path = {path}, date = "iso" }} # {TODO} the format of the date'
    is_sure = _letters(name) == _letters(guess.path[-1])
    return path if is_sure else f"{path} # {TODO} is it {name}?"


def _lookup(lookup: Lookup, operation: Operation) -> Iterator[str]:
    keys = operation.keys
    own = _key_of(lookup, keys)
    path = operation.path
    for name in keys:
        placeholder = "key" if name == own else f"settings.{_setting(name)}"
        path = path.replace(f"{{{name}}}", f"{{{placeholder}}}")
    year = next((name for name in operation.parameters if _YEAR.match(name)), None)
    if "school_year" in lookup.argument_names and year:
        path += f"?{year}={{school_year}}"
    yield f"get = {_text(path)} # {TODO} is this the request?"
    if operation.shape.rows:
        yield f"rows = {_text('.'.join(map(_quoted, operation.shape.rows)))}"


def _key_of(lookup: Lookup, keys: Sequence[str]) -> str | None:
    """The parameter of a path that is the key of a lookup: the one with its noun, or the last one."""
    if lookup.key_kind == "district" or not keys:
        return None
    return next((name for name in keys if lookup.key_kind in name.lower()), keys[-1])


def _settings_of(operation: Operation) -> list[str]:
    return [_setting(name) for name in operation.keys[:-1]]


def _setting(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return re.sub(r"[^a-z]+", "_", words).strip("_") or "value"


def _path(item: Property) -> str:
    return ".".join(map(_quoted, item.path))


def _quoted(name: str) -> str:
    """A name in JMESPath, in quotes if it needs them."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else json.dumps(name)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _text(text: str) -> str:
    """A text in TOML."""
    return json.dumps(text, ensure_ascii=True) if text.isprintable() else json.dumps("")
