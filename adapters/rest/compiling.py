"""Checks a declaration against the contract and compiles it; every mistake is an error with its line."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping
from pathlib import Path

from pydantic_core import to_json

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, lookups_of
from student_graph.adapters.rest.checks import KEY_NAMES, Checks, same
from student_graph.adapters.rest.client.first_values import FirstPlan
from student_graph.adapters.rest.client.lists import RowSource
from student_graph.adapters.rest.client.templates import Template
from student_graph.adapters.rest.declaration.models import Declaration, LookupDeclaration, NoPaging
from student_graph.adapters.rest.declaration.parts import Check
from student_graph.adapters.rest.declaration.positions import Lines
from student_graph.adapters.rest.declaration.reading import read_declaration
from student_graph.adapters.rest.first_checks import compile_first, compile_id_list
from student_graph.adapters.rest.mapping.numbers import MappingError
from student_graph.adapters.rest.mapping.paths import Getter
from student_graph.adapters.rest.mapping.readers import ID_TABLE
from student_graph.adapters.rest.mapping.record_mapping import RecordMapping
from student_graph.adapters.rest.mapping.records import compile_record
from student_graph.adapters.rest.mapping.values import ValueDefaults, converter
from student_graph.adapters.rest.plan import LookupPlan, Plan
from student_graph.adapters.rest.request_checks import (
    check_paging,
    compile_requests,
    placeholders_of,
)

_LOOKUPS = {lookup.name: lookup for lookup in lookups_of(Adapter)}
_RECORD_TYPES = {lookup.record_type.__name__: lookup.record_type for lookup in _LOOKUPS.values()}


def compile_file(file: Path) -> Plan:
    """
    Read, check and compile a declaration.

    Raises:
        DeclarationError: something in it is wrong.
    """
    declaration, lines = read_declaration(file)
    return _Compiler(file, declaration, lines).plan()


class _Compiler(Checks):
    def __init__(self, file: Path, declaration: Declaration, lines: Lines) -> None:
        super().__init__(file, declaration, lines)
        self._defaults = ValueDefaults(declaration.dates, declaration.time_zone, declaration.codes)

    def plan(self) -> Plan:
        """The compiled declaration."""
        declaration = self.declaration
        auth = declaration.auth if isinstance(declaration.auth, tuple) else (declaration.auth,)
        if sum(part.kind in ("oauth1", "oauth2") for part in auth) > 1:
            self.fail(("auth",), "at most one kind of OAuth can be combined with other headers")
        self._check_defaults()
        check = declaration.check if isinstance(declaration.check, Check) else Check(get=declaration.check)
        version = declaration.data_version
        plan = Plan(
            declaration,
            auth,
            self.request(check.get, self.settings, ("check",)),
            self.path(check.version, ("check", "version")) if check.version else None,
            None
            if version is None
            else (
                self.request(version.get, self.settings, ("data_version", "get")),
                self.path(version.path, ("data_version", "path")),
            ),
            settings_names=declaration.request_settings,
        )
        for name in declaration.records:
            if name not in _RECORD_TYPES:
                self.fail(("records", name), _unknown("type of record", name, list(_RECORD_TYPES)))
        for name, declared in declaration.lookups.items():
            if name not in _LOOKUPS:
                self.fail(("lookups", name), _unknown("lookup", name, list(_LOOKUPS)))
            plan.lookups[name] = self._lookup(_LOOKUPS[name], declared, ("lookups", name))
        self._check_ways(plan)
        self._check_all_first_are_used(plan)
        return plan

    def _check_all_first_are_used(self, plan: Plan) -> None:
        parts = (part for lookup in plan.lookups.values() for part in (*lookup.first, *lookup.id_lists))
        used = {part.name for part in parts}
        for name in self.declaration.first:
            if name not in used:
                self.fail(("first", name), f"no lookup uses {name}: write {{{name}}} in a request, or remove it")

    def _check_defaults(self) -> None:
        for hint in (dt.datetime, dt.date):
            try:
                converter(hint, {"path": "@"}, self._defaults, ())
            except MappingError as exc:
                self.fail(("time_zone" if exc.path[-1] == "zone" else "dates",), exc.problem)

    def _lookup(self, lookup: Lookup, declared: LookupDeclaration, path: tuple[str, ...]) -> LookupPlan:
        declaration = self.declaration
        where = "paging" if declared.paging is None else path
        mapping = self._mapping(lookup, declared, path)
        requests = compile_requests(self, lookup, declared, path)
        is_object = not lookup.is_list and any(request.path.names for request in requests.values())
        style = declared.paging or (NoPaging(kind="none") if is_object else declaration.paging)
        check_paging(self, style, requests, lookup, path if where != "paging" else ("paging",))
        is_linked = declaration.identity is not None and lookup.key_kind in self.linked_kinds()
        source = RowSource(
            self.path(declared.rows, (*path, "rows")) if declared.rows else same,
            to_json if declared.elements else mapping.row_id,
            not lookup.is_list,
        )
        changes = declared.changes
        if changes is not None and (declaration.data_version is None or not lookup.is_list or lookup.paged):
            self.fail((*path, "changes"), "changes need [data_version], and a lookup of complete lists")
        plan = LookupPlan(
            lookup,
            requests,
            source,
            self.path(declared.where, (*path, "where")) if declared.where else None,
            mapping,
            style,
            declared.keys,
            declared.separator,
            changes,
            self.path(changes.removed, (*path, "changes", "removed")) if changes and changes.removed else None,
            is_linked,
            self._split(lookup, declared, path),
            self._elements(declared, path),
            self._first(lookup, declared, requests, mapping, path),
            self._id_lists(mapping, path),
            self._repeats(declared, requests, path),
        )
        self._check_sample(plan, declared, path)
        return plan

    def _mapping(self, lookup: Lookup, declared: LookupDeclaration, path: tuple[str, ...]) -> RecordMapping:
        name = lookup.record_type.__name__
        shared = self.declaration.records.get(name, {})
        if not shared and not declared.record:
            self.fail(path, f"there is no table [records.{name}] that says where its attributes are")
        merged = {**shared, **declared.record}
        is_linked = self.declaration.identity is not None
        try:
            mapping = compile_record(
                lookup.record_type, merged, self._defaults, ("records", name), linked=is_linked
            )
        except MappingError as exc:
            own = exc.path[2:3] and exc.path[2] in declared.record
            self.fail((*path, "record", *exc.path[2:]) if own else exc.path, exc.problem)
        known = {*lookup.argument_names, *self.settings}
        if declared.keys == 1 and not declared.split:
            known |= {*KEY_NAMES, *self.declaration.first}
        for placeholder in {name for name in mapping.placeholders if not name.startswith(ID_TABLE)} - known:
            self.fail(path, f"the mapping of {name} uses {{{placeholder}}}, which this lookup does not have")
        if (declared.keys > 1 or declared.split) and lookup.key_attribute not in merged and not is_linked:
            self.fail(path, f"the mapping of {name} needs {lookup.key_attribute}, by which the answer is split")
        return mapping

    def _repeats(
        self, declared: LookupDeclaration, requests: Mapping[str, Template], path: tuple[str, ...]
    ) -> dict[str, Getter]:
        """Where rows repeat the values of placeholders. All requests have these placeholders."""
        if declared.repeats and (declared.keys > 1 or declared.split or declared.changes):
            self.fail((*path, "repeats"), "repeats need a request for each key, without changes")
        for name in declared.repeats:
            if not all(name in request.names for request in requests.values()):
                self.fail((*path, "repeats", name), f"the request does not have {{{name}}}, so no row repeats it")
        return {name: self.path(text, (*path, "repeats", name)) for name, text in declared.repeats.items()}

    def _elements(self, declared: LookupDeclaration, path: tuple[str, ...]) -> tuple[Getter, ...]:
        """The paths of the lists in a row."""
        texts = (declared.elements,) if isinstance(declared.elements, str) else declared.elements or ()
        return tuple(self.path(text, (*path, "elements")) for text in texts)

    def _first(
        self,
        lookup: Lookup,
        declared: LookupDeclaration,
        requests: Mapping[str, Template],
        mapping: RecordMapping,
        path: tuple[str, ...],
    ) -> tuple[FirstPlan, ...]:
        """What is read before the request."""
        needed = mapping.placeholders.union(*(request.names for request in requests.values()))
        known = {*placeholders_of(self, lookup)} | ({*KEY_NAMES} if lookup.key_kind != "district" else set())
        first = compile_first(self, needed, known, path)
        if first and (declared.keys > 1 or declared.changes):
            self.fail(path, f"[first.{first[-1].name}] is read for one key at a time, and before complete lists")
        return first

    def _id_lists(self, mapping: RecordMapping, path: tuple[str, ...]) -> tuple[FirstPlan, ...]:
        """The lists of all ids to which `key_of` leads in a mapping."""
        names = [name.removeprefix(ID_TABLE) for name in mapping.placeholders if name.startswith(ID_TABLE)]
        return tuple(compile_id_list(self, name, path) for name in sorted(names))

    def _split(self, lookup: Lookup, declared: LookupDeclaration, path: tuple[str, ...]) -> Lookup | None:
        if declared.split is None:
            return None
        coarse = _LOOKUPS.get(declared.split)
        if coarse is None or declared.split not in self.declaration.lookups or coarse.paged:
            self.fail((*path, "split"), f"{declared.split} is no list that this file declares in [lookups]")
        if coarse.record_type is not lookup.record_type or coarse.key_kind != "district" or not coarse.is_list:
            self.fail(
                (*path, "split"), f"{declared.split} is no list of the district of {lookup.record_type.__name__}"
            )
        return coarse

    def _check_ways(self, plan: Plan) -> None:
        """Check the coarser lookups that lookups name."""
        for name, declared in self.declaration.lookups.items():
            for coarse in declared.coarse:
                path = ("lookups", name, "coarse")
                if coarse not in plan.lookups:
                    self.fail(path, f"{coarse} is no lookup that this file declares")
                of_coarse = plan.lookups[coarse].lookup
                kinds = (
                    ("district", "school", "section")
                    if plan.lookups[name].lookup.key_kind == "student"
                    else ("district",)
                )
                if of_coarse.key_kind not in kinds:
                    self.fail(
                        path, f"{coarse} cannot lead to a {plan.lookups[name].lookup.key_kind}; write it in Python"
                    )
                same = of_coarse.record_type is plan.lookups[name].lookup.record_type
                if not same or of_coarse.paged or not of_coarse.is_list or coarse == name:
                    self.fail(path, f"{coarse} is no list of {plan.lookups[name].lookup.record_type.__name__}")

    def _check_sample(self, plan: LookupPlan, declared: LookupDeclaration, path: tuple[str, ...]) -> None:
        from student_graph.adapters.rest.samples import check_sample  # noqa: PLC0415 - it uses this plan

        if declared.sample is not None:
            try:
                check_sample(self.file.parent / declared.sample, plan)
            except MappingError as exc:
                own = len(exc.path) > 2 and exc.path[2] in declared.record and exc.path[0] == "records"
                self.fail((*path, "record", *exc.path[2:]) if own else exc.path or (*path, "sample"), exc.problem)


def _unknown(noun: str, name: str, known: list[str]) -> str:
    similar = difflib.get_close_matches(name, known, 1)
    return f"there is no {noun} {name}; " + (f"did you mean {similar[0]}?" if similar else "see the contract")
