"""
What a recording keeps of a declared vendor, by its declaration.

It keeps the words of the declaration's requests and paths. It keeps values of properties that are read only as
codes, true and false, or days and years of school. If a property is also read as a name or an id, its value is
replaced by a made-up one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from datetime import date, time
from enum import Enum
from typing import Any, cast, get_args, get_origin, get_type_hints

from student_graph.adapters.model import Descriptor, Record
from student_graph.adapters.model.code_mapping import raw_attribute
from student_graph.adapters.rest.mapping.paths import PathError, parse
from student_graph.adapters.rest.mapping.values import plain_type
from student_graph.adapters.rest.plan import Plan

_WORD = re.compile(r"[A-Za-z_@$][\w@$-]*")
_YEAR = re.compile(r"\{(?:school_year\w*|since)\}")
_YEAR_PARAMETER = re.compile(r"[?&]([\w.\[\]-]+)=\{(?:school_year\w*|since)\}")
_LITERAL = re.compile(r"'([A-Za-z][A-Za-z_ ]*)'")
_PROSE = {"vendor", "settings", "identity"}
"""Parts of a declaration that describe it, , and are no part of the API."""
PERSONAL_DATES = ("birth", "last_", "created", "hire")
"""Parts of the names of attributes with a date that belongs to one person."""
_NO_PATHS = frozenset({"value", "date", "zone", "scale", "add", "year_begins", "codes", "key_of", "table"})
"""Options of a value that are no paths."""
YEAR_ATTRIBUTES = frozenset({"school_year", "year", "grade_year"})
"""Numbers that are not about a person."""


def recording_rules(plan: Plan) -> dict[str, frozenset[str]]:
    """What recordings keep of a declared vendor, by the attribute of `Adapter` that says so."""
    return {
        "recorded_properties": properties_of_plan(plan),
        "recorded_words": words_of_plan(plan),
        "recorded_constants": literals(plan),
    }


def words_of_plan(plan: Plan) -> frozenset[str]:
    """The words of a declaration: names of properties, parts of paths, parameters and codes."""
    return frozenset(_words(plan.declaration.model_dump(exclude=_PROSE, exclude_none=True)))


def _words(value: Any) -> Iterator[str]:
    for text in _texts(value):
        yield from _WORD.findall(text)


def _texts(value: Any) -> Iterator[str]:
    """The texts in a part of a declaration, and the names of its members."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def properties_of_plan(plan: Plan) -> frozenset[str]:
    """
    Names of the properties whose values stay in a recording.

    They are read as a code of a table, true or false, a day or a year of school. A name that is also read as
    anything else, such as the name or the id of a person, is not among them.
    """
    names = _Names(plan)
    for part in plan.lookups.values():
        declared = plan.declaration.lookups[part.lookup.name]
        record_type = part.lookup.record_type
        names.add_record(
            record_type, {**plan.declaration.records.get(record_type.__name__, {}), **declared.record}
        )
        names.codes.update(_flags(parse(declared.where)) if declared.where else ())
    for name, first in plan.declaration.first.items():
        names.add(first.matches, is_code=False)
        names.add(first.value, is_code=name in names.code_tables)
    for name, first in plan.declaration.first.items():
        # A table of codes is looked up by the codes in the rows; a table of values is looked up by the ids of the
        # rows.
        used_by = names.code_tables.get(name, set())
        is_code = bool(used_by) and used_by.isdisjoint(names.private)
        names.codes |= used_by if is_code else set()
        names.add(first.code, is_code=is_code)
    return frozenset((names.codes | set(_parameters(plan))) - names.private)


def literals(plan: Plan) -> frozenset[str]:
    """The constants of the vendor's API that rows are chosen by, such as `final`."""
    return frozenset(
        word for lookup in plan.declaration.lookups.values() for word in _LITERAL.findall(lookup.where or "")
    )


def _parameters(plan: Plan) -> Iterator[str]:
    """
    Parameters of requests that are not about a person: those of pages, and those with a school year or its days.
    """
    declared = plan.declaration.lookups.values()
    for style in (plan.declaration.paging, *(lookup.paging for lookup in declared)):
        yield from (name for part in ("size", "offset", "page") if (name := getattr(style, part, None)))
        yield from (end for name in ("total", "pages") for end in _last_names(getattr(style, name, None)))
    for text in _texts(plan.declaration.model_dump(include={"lookups", "first"}, exclude_none=True)):
        yield from _YEAR_PARAMETER.findall(text)
    for lookup in declared:
        yield from (name for name, value in lookup.body.items() if _YEAR.fullmatch(str(value)))


class _Names:
    """
    The names of a declaration's properties, in two groups: those that are not about a person, and all others.
    """

    def __init__(self, plan: Plan) -> None:
        self._first = plan.declaration.first
        self.codes: set[str] = set()
        self.private: set[str] = set()
        self.code_tables: dict[str, set[str]] = {}
        """By the name of a `[first]` that says what a code stands for: the properties with the code."""

    def add_record(self, cls: type, mapping: Mapping[str, Any]) -> None:
        """Add the properties that the attributes of a record, or of a part of it, are read from."""
        hints = get_type_hints(cls)
        codes = {raw_attribute(cls, name) for name in hints} if issubclass(cls, Record) else set()
        for name, spec in mapping.items():
            if name == "vendor_id":
                continue  # the id of a row, such as a school and a day: it says nothing about its parts
            if name == "subject":
                self._add_private(spec)
            elif name in hints:
                self._add_attribute(name, _element_type(hints[name]), spec, is_code=name in codes)

    def add(self, path: str | None, *, is_code: bool) -> None:
        """Add the names at the ends of a path."""
        (self.codes if is_code else self.private).update(_last_names(path))

    def _add_attribute(self, name: str, hint: Any, spec: Any, *, is_code: bool) -> None:
        for part in spec if isinstance(spec, list) else [spec]:
            if isinstance(part, Mapping) and is_dataclass(hint) and hint is not Descriptor:
                self.add_record(cast("type", hint), part)
            elif is_code or hint is Descriptor or _is_about_nobody(name, hint):
                self._add_codes(part)
            else:
                self._add_private(part)

    def _add_codes(self, spec: Any) -> None:
        if not (isinstance(spec, Mapping) and "table" in spec):
            for path in _paths_of(spec):
                # In pairs of a name and a value, the member names do not say what the value means.
                self.add(path, is_code="[?" not in path)
        # The path is that of a table's key, or a placeholder: then the value that was read first is the code.
        table = spec.get("table") if isinstance(spec, Mapping) else str(spec).strip("{}")
        if table in self._first:
            self.code_tables.setdefault(table, set()).update(
                _last_names(spec["path"]) if isinstance(spec, Mapping) else ()
            )

    def _add_private(self, spec: Any) -> None:
        for path in _paths_of(spec):
            self.add(path, is_code=False)


def _is_about_nobody(name: str, hint: Any) -> bool:
    """Whether an attribute is a code, true or false, or a day or a year of school."""
    if not isinstance(hint, type):
        return False
    if issubclass(hint, Enum | bool | time):
        return True
    if issubclass(hint, date):
        return not any(part in name for part in PERSONAL_DATES)
    return name in YEAR_ATTRIBUTES


def _element_type(hint: Any) -> Any:
    """The type of a value, or of the elements of a list of values."""
    plain, _ = plain_type(hint)
    return _element_type(get_args(plain)[0]) if get_origin(plain) in (list, tuple) else plain


def _paths_of(spec: Any) -> Iterator[str]:
    """The paths of an attribute: of a text, of its options, of the parts of a list or a table."""
    if isinstance(spec, str):
        yield spec
    elif isinstance(spec, Mapping):
        for name, value in spec.items():
            if name not in _NO_PATHS:
                yield from _paths_of(value)
    elif isinstance(spec, list | tuple):
        for part in spec:
            yield from _paths_of(part)


def _last_names(path: str | None) -> Iterator[str]:
    """The names at the ends of an expression: `local` of `numbers.local`."""
    try:
        yield from _ends(parse(path)) if path and not path.startswith("{") else ()
    except PathError:
        return  # the placeholder of a request


def _flags(tree: Any) -> Iterator[str]:
    """The names that a condition compares with a number: those of flags."""
    children = [child for child in tree["children"] if isinstance(child, dict)]
    is_number = any(child["type"] == "literal" and str(child["value"]).isdecimal() for child in children)
    if tree["type"] == "comparator" and tree["value"] == "eq" and is_number:
        for child in children:
            yield from _ends(child)
    else:
        for child in children:
            yield from _flags(child)


def _ends(tree: Any) -> Iterator[str]:
    if tree["type"] == "field":
        yield tree["value"]
        return
    children = [child for child in tree["children"] if isinstance(child, dict)]
    if tree["type"] == "subexpression":
        children = children[-1:]
    for child in children:
        yield from _ends(child)
