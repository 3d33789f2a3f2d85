"""
What a viewer saw, compared with the page that a gateway without trouble gives.

The oracle's page is what the viewer should have seen. A value may be missing if the page says why, and old if the
page says so; any other difference is wrong. Names and ids of students which the viewer may not see are foreign.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from student_graph.gateway.demo.rehearsal.vendors.canaries import canaries_in, canary, district_mark
from student_graph.gateway.demo.rehearsal.vendors.district import FIRST_STUDENT, Viewer

VOLATILE = frozenset({"fetchedAt", "asOf", "startCursor", "endCursor", "cursor", "stale"})
"""Fields that differ between two requests without a difference in the data; `stale` is a mark and no value."""
STATEMENTS = frozenset({"complete", "missingSources", "undecided"})
"""Fields that say themselves what is missing; they are compared by `_says_incomplete`."""
_GLOBAL_ID = re.compile(r'"(WyJ[A-Za-z0-9_-]+)"')
_STUDENT_NUMBER = re.compile(r'"studentUniqueId":\s*"(\d+)"')
NULL = "null without a reason"
"""The difference of a value that is missing."""
Path = tuple[str | int, ...]


class Verdict(Enum):
    """The result of comparing a page with the expected one."""

    COMPLETE = "complete"
    STALE = "stale and marked"
    ABSENT = "null with a reason"
    REFUSED = "refused with a reason"
    FAILED = "no answer"
    WRONG = "wrong"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict about a page, and what led to it."""

    verdict: Verdict
    detail: str = ""
    """Where the first difference is; empty if there is none. It holds no value of a record."""


@dataclass(frozen=True, slots=True)
class _Statements:
    """The missing parts that a page reports, without those that the expected page reports, too."""

    paths: frozenset[Path]
    lists_with_next_page: frozenset[Path] = frozenset()
    """Lists that go on after the expected page."""

    def cover(self, path: Path) -> bool:
        """Whether a part is stated to be missing or incomplete: itself, what it is in, or what is in it."""
        return any(stated[: len(path)] == path[: len(stated)] for stated in self.paths)

    def cover_completely(self, path: Path) -> bool:
        """Whether a part or what it is in is stated to be incomplete."""
        return any(path[: len(stated)] == stated for stated in self.paths)


def judge(
    expected: Mapping[str, Any],
    seen: Mapping[str, Any],
    *,
    old: Mapping[str, Any] | None = None,
    is_recent: bool = False,
) -> Judgement:
    """
    Compare a page with the oracle's page.

    `old` is the oracle's page before the vendors' data changed; None if nothing has changed. Its values may be
    shown if the page is marked as stale, or if the change `is_recent`; so may numbers between old and new.
    """
    statements = _new_statements(expected, seen)
    differences = list(_differences(expected.get("data"), seen.get("data"), (), statements))
    wrong = {path: reason for path, is_stated, reason in differences if not is_stated}
    marked = is_marked_stale(seen)
    if wrong and old is not None:
        compared = _differences(old.get("data"), seen.get("data"), (), statements)
        outdated = wrong.keys() - {path for path, is_stated, _ in compared if not is_stated}
        if marked or is_recent:
            wrong = {
                path: reason
                for path, reason in wrong.items()
                if path not in outdated and not _is_between(path, old, seen, expected)
            }
        else:
            wrong |= dict.fromkeys(outdated, "an old value that is not marked as stale")
    if wrong:
        path, reason = next(iter(wrong.items()))
        return Judgement(Verdict.WRONG, f"{'.'.join(map(str, path))}: {reason}")
    if any(is_stated for _, is_stated, _ in differences) or _codes(seen) - _codes(expected):
        return Judgement(Verdict.ABSENT)
    return Judgement(Verdict.STALE if marked else Verdict.COMPLETE)


def foreign(text: str, viewer: Viewer, district_number: int) -> str:
    """The first canary or id in a page that the viewer may not see; empty if there is none."""
    words = canaries_in(text)
    numbers = set(_STUDENT_NUMBER.findall(text))
    for encoded in set(_GLOBAL_ID.findall(text)):
        with_padding = encoded + "=" * (-len(encoded) % 4)
        kind, district, *keys = json.loads(base64.urlsafe_b64decode(with_padding))
        if district != viewer.district:
            return f"an id of {district}"
        if kind == "Student":
            numbers.add(str(keys[0]))
    words |= {canary(district_number, int(number) - FIRST_STUDENT) for number in numbers}
    own = None if viewer.reach is None else set(viewer.reach)
    mark = district_mark(district_number)
    for word in sorted(words):
        if not word.startswith(mark):
            return f"{word} of another district"
        if own is not None and word not in own:
            return f"{word} outside the viewer's reach"
    return ""


def is_marked_stale(page: Mapping[str, Any]) -> bool:
    """Whether a page says that something in it is stale."""
    sources = page.get("extensions", {}).get("sources", {})
    return any(source.get("stale") for source in sources.values()) or _has_stale_record(page.get("data"))


def has_trouble(page: Mapping[str, Any]) -> bool:
    """Whether a part of a page is missing for a reason that may be gone at the next request."""
    parts = [error.get("extensions", {}) for error in page.get("errors", ())]
    parts += page.get("extensions", {}).get("degraded", ())
    return any(part.get("retryable") for part in parts)


def _is_between(path: Path, old: Mapping[str, Any], seen: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """
    Whether a number lies between the old and the expected one.

    A share of a district is counted from a list for each school: some lists may be read before the change.
    """
    old_number, seen_number, new_number = (_number_at(page.get("data"), path) for page in (old, seen, expected))
    if old_number is None or seen_number is None or new_number is None:
        return False
    return min(old_number, new_number) <= seen_number <= max(old_number, new_number)


def _number_at(value: Any, path: Path) -> float | None:
    """The number at a path; None if there is none."""
    try:
        for step in path:
            value = value[step]
    except (KeyError, IndexError, TypeError):
        return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _has_stale_record(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("stale") is True or any(map(_has_stale_record, value.values()))
    return isinstance(value, list) and any(map(_has_stale_record, value))


def _codes(page: Mapping[str, Any]) -> set[tuple[Path, str]]:
    """Paths and codes of all parts that are missing."""
    parts = [(error.get("path"), error.get("extensions", {})) for error in page.get("errors", ())]
    parts += [(part["path"], part) for part in page.get("extensions", {}).get("degraded", ())]
    return {(tuple(path or ()), str(part.get("code"))) for path, part in parts}


def _new_statements(expected: Mapping[str, Any], seen: Mapping[str, Any]) -> _Statements:
    return _Statements(frozenset(path for path, _ in _codes(seen) - _codes(expected)))


def _differences(
    expected: Any, seen: Any, path: Path, statements: _Statements
) -> Iterator[tuple[Path, bool, str]]:
    """Where two values differ, whether the page says so, and how they differ."""
    if expected == seen:
        return
    if isinstance(expected, dict) and isinstance(seen, dict):
        yield from _differences_of_objects(expected, seen, path, statements)
    elif isinstance(expected, list) and isinstance(seen, list):
        yield from _differences_of_lists(expected, seen, path, statements)
    elif seen is None:
        yield path, statements.cover(path), NULL
    elif expected is None:
        yield path, statements.cover_completely(path) and _has_no_rows(seen), "a value that should be null"
    else:
        yield path, statements.cover_completely(path), "another value"


def _differences_of_objects(
    expected: Mapping[str, Any], seen: Mapping[str, Any], path: Path, statements: _Statements
) -> Iterator[tuple[Path, bool, str]]:
    if _says_incomplete(expected, seen):
        yield path, True, "incomplete"
        statements = replace(statements, paths=statements.paths | {path})
    if (expected.get("pageInfo") or {}).get("hasNextPage"):
        lists = statements.lists_with_next_page | {(*path, "edges")}
        statements = replace(statements, lists_with_next_page=lists)
    for name in expected.keys() | seen.keys():
        if name not in VOLATILE | STATEMENTS:
            yield from _differences(expected.get(name), seen.get(name), (*path, name), statements)


def _has_no_rows(seen: Any) -> bool:
    """Whether a list of students is empty: a part that could not be read may be that instead of null."""
    return isinstance(seen, dict) and seen.get("edges") == []


def _says_incomplete(expected: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    """Whether an object itself says that it lacks something: a table of counts, or a list by conditions."""
    return (
        (expected.get("complete") is True and seen.get("complete") is False)
        or (seen.get("undecided") or 0) > (expected.get("undecided") or 0)
        or len(seen.get("missingSources") or ()) > len(expected.get("missingSources") or ())
    )


def _differences_of_lists(
    expected: Sequence[Any], seen: Sequence[Any], path: Path, statements: _Statements
) -> Iterator[tuple[Path, bool, str]]:
    if len(expected) == len(seen) and path not in statements.paths:
        for position, (expected_item, seen_item) in enumerate(zip(expected, seen, strict=True)):
            yield from _differences(expected_item, seen_item, (*path, position), statements)
        return
    is_stated = statements.cover_completely(path)
    yield path, is_stated, f"{len(seen)} items instead of {len(expected)}"
    if not is_stated:
        return
    # Of an incomplete list, the rest must be items of the complete one, at most with nulls. If it has a next page,
    # an item of that page may be here, because items before it are missing.
    is_from_next_page = path in statements.lists_with_next_page
    left = list(expected)
    for position, item in enumerate(seen):
        item_path = (*path, position)
        complete = (other for other in left if _fits(other, item, item_path, statements))
        with_nulls = (other for other in left if _fits(other, item, item_path, statements, may_lack=True))
        match = next(complete, None) or next(with_nulls, None)
        if match is None:
            yield item_path, is_from_next_page, "an item that the complete list does not have"
        else:
            left.remove(match)


def _fits(expected: Any, seen: Any, path: Path, statements: _Statements, *, may_lack: bool = False) -> bool:
    """Whether an item of an incomplete list is this one: it has the same values, but for missing ones."""
    own = replace(statements, paths=frozenset(stated for stated in statements.paths if len(stated) > len(path)))
    differences = _differences(expected, seen, path, own)
    return all(is_stated or (may_lack and reason == NULL) for _, is_stated, reason in differences)
