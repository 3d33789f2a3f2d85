"""Compiles the requests of a declaration, and refuses paging that cannot work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from student_graph.adapters.lookup import Lookup
from student_graph.adapters.rest.checks import KEY_NAMES, Checks, Location
from student_graph.adapters.rest.client.bodies import BodyError, PostTemplate, parse_body
from student_graph.adapters.rest.client.templates import KEYS, Template
from student_graph.adapters.rest.declaration.models import (
    CursorPaging,
    LinkPaging,
    LookupDeclaration,
    NoPaging,
    NumberPaging,
    PagingStyle,
)
from student_graph.adapters.rest.first_checks import depends_on_key
from student_graph.adapters.rest.plan import FIRST_DAY, LAST_DAY, YEAR_START

_WITH_SPLIT = {"split", "coarse", "calls", "sample"}
"""Settings of a lookup that is answered by the list of another one."""
_FAILED_WAYS = "give one of: `get`, `post`, or `split` with the lookup of the district to split"


def compile_requests(
    checks: Checks, lookup: Lookup, declared: LookupDeclaration, path: Location
) -> dict[str, Template]:
    """
    Return the requests of a lookup.

    Raises:
        DeclarationError: a request is wrong, or does not name the key.
    """
    declaration = checks.declaration
    if sum(way is not None for way in (declared.get, declared.post, declared.split)) != 1:
        checks.fail(path, _FAILED_WAYS)
    if declared.split is not None:
        for name in sorted(declared.model_fields_set - _WITH_SPLIT):
            problem = f"has no effect beside `split`: write it in [lookups.{declared.split}], whose list is read"
            checks.fail((*path, name), problem)
    known = [*placeholders_of(checks, lookup), *declaration.first]
    if lookup.key_kind != "district":
        known += [KEYS] if declared.keys > 1 else KEY_NAMES
    way = "get" if declared.post is None else "post"
    requests = _requests(checks, lookup, declared, known, path)
    for request in requests.values():
        names_key = KEYS in request.names or depends_on_key(checks, request.names)
        if lookup.key_kind != "district" and not names_key:
            checks.fail((*path, way), f"the request does not name the key; use {{{known[-1].partition('.')[0]}}}")
        if declared.keys > 1 and KEYS in request.path.names:
            checks.fail((*path, way), "several keys belong to the parameters, not to the path")
    return requests


def placeholders_of(checks: Checks, lookup: Lookup) -> list[str]:
    """The placeholders that have a value in each request of a lookup, without those of its key."""
    years = [YEAR_START, FIRST_DAY, LAST_DAY] if "school_year" in lookup.argument_names else []
    return [*checks.settings, *lookup.argument_names, *years]


def _requests(
    checks: Checks, lookup: Lookup, declared: LookupDeclaration, known: list[str], path: Location
) -> dict[str, Template]:
    """The requests by the field of the identity rules that a key names; by the empty text for all keys."""
    if declared.post is not None:
        if not checks.declaration.posts_only_read:
            checks.fail(
                (*path, "post"),
                "say at the top of the file that POST requests change nothing: posts_only_read = true. "
                "They are sent again after a failure",
            )
        request = checks.request(declared.post, known, (*path, "post"))
        try:
            body = parse_body(declared.body, known)
        except BodyError as exc:
            checks.fail((*path, "body", *exc.path), str(exc))
        return {"": PostTemplate(request.path, request.query, body)}
    if declared.body:
        checks.fail((*path, "body"), "only a POST request has a body; write `post` in place of `get`")
    if isinstance(declared.get, dict) and lookup.key_kind not in checks.linked_kinds():
        checks.fail((*path, "get"), "a request for each field needs rules in [identity] for these keys")
    by_field = declared.get if isinstance(declared.get, dict) else {"": declared.get} if declared.get else {}
    return {
        name: checks.request(text, known, (*path, "get", *([name] if name else [])))
        for name, text in by_field.items()
    }


def check_paging(
    checks: Checks, style: PagingStyle, requests: Mapping[str, Template], lookup: Lookup, path: Location
) -> None:
    """
    Check the paging of a lookup.

    Raises:
        DeclarationError: it cannot end, or the request itself contradicts it.
    """
    if isinstance(style, CursorPaging) and sum(map(bool, (style.next, style.header, style.row))) != 1:
        checks.fail(path, "a cursor is in one of: `next` (in the body), `header`, or `row` (in the last row)")
    own = {"page", "offset", "parameter", "size"} & type(style).model_fields.keys()
    names = {getattr(style, name) for name in own if getattr(style, name)}
    if len(names) < len([name for name in own if getattr(style, name)]):
        checks.fail(path, "one parameter has two meanings in `paging`: the pages would never end")
    for request in requests.values():
        _check_parameters(checks, style, request, names, ("lookups", lookup.name))
    needs_size = isinstance(style, NumberPaging | CursorPaging | LinkPaging)
    if lookup.paged and needs_size and not getattr(style, "size", None):
        checks.fail(path, f"{lookup.name} is read in pages of any size: name the parameter `size`")
    if isinstance(style, NoPaging):
        return
    for name in ("total", "pages", "next", "row"):
        text: Any = getattr(style, name, None)
        if text is not None:
            checks.path(text, (*path, name))


def _check_parameters(
    checks: Checks, style: PagingStyle, request: Template, names: set[str], path: tuple[str, ...]
) -> None:
    is_post = isinstance(request, PostTemplate)
    way = (*path, "post" if is_post else "get")
    if is_post and not isinstance(style, NoPaging | NumberPaging):
        checks.fail(way, "the list of a POST request is read at once or by numbers of pages (none, page)")
    for name, _ in request.query:
        if name in names:
            problem = "is set by `paging`: with a fixed one every page would be the same"
            checks.fail(way, f"the parameter {name} {problem}")
