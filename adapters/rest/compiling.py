"""Checks a declaration against the contract and compiles it; every mistake is an error with its line."""

from __future__ import annotations

import datetime as dt
import difflib
from pathlib import Path
from typing import Any, NoReturn

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, lookups_of
from student_graph.adapters.rest.client.lists import RowSource
from student_graph.adapters.rest.client.templates import Template, TemplateError, parse_request
from student_graph.adapters.rest.declaration.errors import DeclarationError
from student_graph.adapters.rest.declaration.models import (
    Check,
    CursorPaging,
    Declaration,
    LinkPaging,
    LookupDeclaration,
    NoPaging,
    NumberPaging,
    PagingStyle,
)
from student_graph.adapters.rest.declaration.positions import Lines
from student_graph.adapters.rest.declaration.reading import read_declaration
from student_graph.adapters.rest.mapping.paths import Getter, PathError, compile_path
from student_graph.adapters.rest.mapping.record_mapping import RecordMapping
from student_graph.adapters.rest.mapping.records import compile_record
from student_graph.adapters.rest.mapping.values import MappingError, ValueDefaults, converter
from student_graph.adapters.rest.plan import KEY, KEYS, YEAR_START, FindPlan, LookupPlan, Plan

_LOOKUPS = {lookup.name: lookup for lookup in lookups_of(Adapter)}
_RECORD_TYPES = {lookup.record_type.__name__: lookup.record_type for lookup in _LOOKUPS.values()}
MAX_KEY_PARTS = 6
"""Parts of a key that requests can name, as `{key.0}`."""


def compile_file(file: Path) -> Plan:
    """
    Read, check and compile a declaration.

    Raises:
        DeclarationError: something in it is wrong.
    """
    declaration, lines = read_declaration(file)
    return _Compiler(file, declaration, lines).plan()


class _Compiler:
    def __init__(self, file: Path, declaration: Declaration, lines: Lines) -> None:
        self._file, self._declaration, self._lines = file, declaration, lines
        self._settings = [f"settings.{name}" for name in declaration.request_settings]
        self._defaults = ValueDefaults(declaration.dates, declaration.time_zone, declaration.codes)

    def plan(self) -> Plan:
        """The compiled declaration."""
        declaration = self._declaration
        auth = declaration.auth if isinstance(declaration.auth, tuple) else (declaration.auth,)
        if sum(part.kind in ("oauth1", "oauth2") for part in auth) > 1:
            self._fail(("auth",), "at most one kind of OAuth can be combined with other headers")
        self._check_defaults()
        check = declaration.check if isinstance(declaration.check, Check) else Check(get=declaration.check)
        version = declaration.data_version
        plan = Plan(
            declaration,
            auth,
            self._request(check.get, self._settings, ("check",)),
            self._path(check.version, ("check", "version")) if check.version else None,
            None
            if version is None
            else (
                self._request(version.get, self._settings, ("data_version", "get")),
                self._path(version.path, ("data_version", "path")),
            ),
            settings_names=declaration.request_settings,
        )
        for name in declaration.records:
            if name not in _RECORD_TYPES:
                self._fail(("records", name), _unknown("type of record", name, list(_RECORD_TYPES)))
        for name, declared in declaration.lookups.items():
            if name not in _LOOKUPS:
                self._fail(("lookups", name), _unknown("lookup", name, list(_LOOKUPS)))
            plan.lookups[name] = self._lookup(_LOOKUPS[name], declared, ("lookups", name))
        self._check_ways(plan)
        return plan

    def _check_defaults(self) -> None:
        for hint in (dt.datetime, dt.date):
            try:
                converter(hint, {"path": "@"}, self._defaults, ())
            except MappingError as exc:
                self._fail(("time_zone" if exc.path[-1] == "zone" else "dates",), exc.problem)

    def _lookup(self, lookup: Lookup, declared: LookupDeclaration, path: tuple[str, ...]) -> LookupPlan:
        declaration = self._declaration
        where = "paging" if declared.paging is None else path
        mapping = self._mapping(lookup, declared, path)
        find_name, requests = self._requests(lookup, declared, path)
        is_object = not lookup.is_list and any(request.path.names for request in requests.values())
        style = declared.paging or (NoPaging(kind="none") if is_object else declaration.paging)
        self._check_paging(style, requests, lookup, path if where != "paging" else ("paging",))
        if (declared.get is None) is (declared.split is None):
            self._fail(path, "give either `get`, or `split` with the lookup of the district to split")
        is_linked = declaration.identity is not None and lookup.key_kind in self._linked_kinds()
        source = RowSource(
            self._path(declared.rows, (*path, "rows")) if declared.rows else _same,
            mapping.row_id,
            not lookup.is_list,
        )
        changes = declared.changes
        if changes is not None and (declaration.data_version is None or not lookup.is_list or lookup.paged):
            self._fail((*path, "changes"), "changes need [data_version], and a lookup of complete lists")
        plan = LookupPlan(
            lookup,
            requests,
            source,
            self._path(declared.where, (*path, "where")) if declared.where else None,
            mapping,
            style,
            self._find(find_name) if find_name else None,
            declared.keys,
            declared.separator,
            changes,
            self._path(changes.removed, (*path, "changes", "removed")) if changes and changes.removed else None,
            is_linked,
            self._split(lookup, declared, path),
        )
        self._check_sample(plan, declared, path)
        return plan

    def _linked_kinds(self) -> set[str]:
        rules = self._declaration.identity
        if rules is None:
            return set()
        kinds = {
            "student": rules.students,
            "section": rules.sections,
            "school": rules.schools,
            "staff": rules.staff,
        }
        return {kind for kind, of_kind in kinds.items() if of_kind}

    def _mapping(self, lookup: Lookup, declared: LookupDeclaration, path: tuple[str, ...]) -> RecordMapping:
        name = lookup.record_type.__name__
        shared = self._declaration.records.get(name, {})
        if not shared and not declared.record:
            self._fail(path, f"there is no table [records.{name}] that says where its attributes are")
        merged = {**shared, **declared.record}
        is_linked = self._declaration.identity is not None
        try:
            mapping = compile_record(
                lookup.record_type, merged, self._defaults, ("records", name), linked=is_linked
            )
        except MappingError as exc:
            own = exc.path[2:3] and exc.path[2] in declared.record
            self._fail((*path, "record", *exc.path[2:]) if own else exc.path, exc.problem)
        known = {KEY, *lookup.argument_names, *self._settings, *(f"{KEY}.{n}" for n in range(MAX_KEY_PARTS))}
        if declared.keys > 1 or declared.split:
            known -= {KEY, *(f"{KEY}.{n}" for n in range(MAX_KEY_PARTS))}
        for placeholder in mapping.placeholders - known:
            self._fail(path, f"the mapping of {name} uses {{{placeholder}}}, which this lookup does not have")
        if (declared.keys > 1 or declared.split) and lookup.key_attribute not in merged and not is_linked:
            self._fail(path, f"the mapping of {name} needs {lookup.key_attribute}, by which the answer is split")
        return mapping

    def _requests(
        self, lookup: Lookup, declared: LookupDeclaration, path: tuple[str, ...]
    ) -> tuple[str | None, dict[str, Template]]:
        """The requests of a lookup, and the name of the request that finds the vendor's id before it."""
        declaration = self._declaration
        known = [*self._settings, *lookup.argument_names, *declaration.find]
        known += [YEAR_START] if "school_year" in lookup.argument_names else []
        if lookup.key_kind != "district":
            own = [KEYS] if declared.keys > 1 else [KEY, *(f"{KEY}.{n}" for n in range(MAX_KEY_PARTS))]
            known += own
        by_field = declared.get if isinstance(declared.get, dict) else {"": declared.get} if declared.get else {}
        requests = {
            name: self._request(text, known, (*path, "get", *([name] if name else [])))
            for name, text in by_field.items()
        }
        if isinstance(declared.get, dict) and lookup.key_kind not in self._linked_kinds():
            self._fail((*path, "get"), "a request for each field needs rules in [identity] for these keys")
        finds = {name for request in requests.values() for name in request.names} & declaration.find.keys()
        if len(finds) > 1:
            self._fail((*path, "get"), "a request uses one [find] only; write the adapter in Python")
        for name, request in requests.items():
            names = {part.partition(".")[0] for part in request.names}
            if lookup.key_kind != "district" and not names & {KEY, KEYS, *finds}:
                self._fail(
                    (*path, "get"), f"the request does not name the key; use {{{known[-1].partition('.')[0]}}}"
                )
            if declared.keys > 1 and KEYS in request.path.names:
                self._fail((*path, "get"), "several keys belong to the parameters, not to the path")
            del name
        return next(iter(finds), None), requests

    def _find(self, name: str) -> FindPlan:
        find = self._declaration.find[name]
        path = ("find", name)
        return FindPlan(
            name,
            self._request(find.get, [*self._settings, KEY], (*path, "get")),
            self._path(find.rows, (*path, "rows")) if find.rows else _same,
            self._path(find.value, (*path, "value")),
            self._path(find.matches, (*path, "matches")) if find.matches else None,
        )

    def _split(self, lookup: Lookup, declared: LookupDeclaration, path: tuple[str, ...]) -> Lookup | None:
        if declared.split is None:
            return None
        coarse = _LOOKUPS.get(declared.split)
        if coarse is None or declared.split not in self._declaration.lookups or coarse.paged:
            self._fail((*path, "split"), f"{declared.split} is no list that this file declares in [lookups]")
        if coarse.record_type is not lookup.record_type or coarse.key_kind != "district" or not coarse.is_list:
            self._fail(
                (*path, "split"), f"{declared.split} is no list of the district of {lookup.record_type.__name__}"
            )
        return coarse

    def _check_paging(
        self, style: PagingStyle, requests: dict[str, Template], lookup: Lookup, path: tuple[str, ...]
    ) -> None:
        """Refuse paging that cannot end or that the request itself contradicts."""
        if isinstance(style, CursorPaging) and sum(map(bool, (style.next, style.header, style.row))) != 1:
            self._fail(path, "a cursor is in one of: `next` (in the body), `header`, or `row` (in the last row)")
        own = {"page", "offset", "parameter", "size"} & type(style).model_fields.keys()
        names = {getattr(style, name) for name in own if getattr(style, name)}
        if len(names) < len([name for name in own if getattr(style, name)]):
            self._fail(path, "one parameter has two meanings in `paging`: the pages would never end")
        for request in requests.values():
            for name, _ in request.query:
                if name in names:
                    self._fail(
                        ("lookups", lookup.name, "get"),
                        f"the parameter {name} is set by `paging`: with a fixed one every page would be the same",
                    )
        needs_size = isinstance(style, NumberPaging | CursorPaging | LinkPaging)
        if lookup.paged and needs_size and not getattr(style, "size", None):
            self._fail(path, f"{lookup.name} is read in pages of any size: name the parameter `size`")
        if isinstance(style, NoPaging):
            return
        for name in ("total", "pages", "next", "row"):
            if (text := getattr(style, name, None)) is not None:
                self._path(text, (*path, name))

    def _check_ways(self, plan: Plan) -> None:
        """Check the coarser lookups that lookups name."""
        for name, declared in self._declaration.lookups.items():
            for coarse in declared.coarse:
                path = ("lookups", name, "coarse")
                if coarse not in plan.lookups:
                    self._fail(path, f"{coarse} is no lookup that this file declares")
                of_coarse = plan.lookups[coarse].lookup
                kinds = (
                    ("district", "school", "section")
                    if plan.lookups[name].lookup.key_kind == "student"
                    else ("district",)
                )
                if of_coarse.key_kind not in kinds:
                    self._fail(
                        path, f"{coarse} cannot lead to a {plan.lookups[name].lookup.key_kind}; write it in Python"
                    )
                same = of_coarse.record_type is plan.lookups[name].lookup.record_type
                if not same or of_coarse.paged or not of_coarse.is_list or coarse == name:
                    self._fail(path, f"{coarse} is no list of {plan.lookups[name].lookup.record_type.__name__}")

    def _check_sample(self, plan: LookupPlan, declared: LookupDeclaration, path: tuple[str, ...]) -> None:
        from student_graph.adapters.rest.samples import check_sample  # noqa: PLC0415 - it uses this plan

        if declared.sample is not None:
            try:
                check_sample(self._file.parent / declared.sample, plan)
            except MappingError as exc:
                own = len(exc.path) > 2 and exc.path[2] in declared.record and exc.path[0] == "records"
                self._fail((*path, "record", *exc.path[2:]) if own else exc.path or (*path, "sample"), exc.problem)

    def _request(self, text: str, known: list[str], path: tuple[str, ...]) -> Template:
        try:
            return parse_request(text, known)
        except TemplateError as exc:
            self._fail(path, str(exc))

    def _path(self, text: str, path: tuple[str, ...]) -> Getter:
        try:
            return compile_path(text)
        except PathError as exc:
            self._fail(path, str(exc))

    def _fail(self, path: tuple[str | int, ...], problem: str) -> NoReturn:
        raise DeclarationError(self._file, self._lines.line_of(path), path, problem)


def _same(document: Any) -> Any:
    return document


def _unknown(noun: str, name: str, known: list[str]) -> str:
    similar = difflib.get_close_matches(name, known, 1)
    return f"there is no {noun} {name}; " + (f"did you mean {similar[0]}?" if similar else "see the contract")
