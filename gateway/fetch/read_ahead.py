"""
Reads ahead: a source with ids of its own and the system of record are asked at the same time.

A translation of ids asks the two one after the other. While it waits for the first one, this layer already
requests what it will need from the second one. When the translation asks for that, the operation's batches hold
it. Reading ahead changes only when a source is asked: the answers are the same, and no key is requested twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any

from student_graph.adapters.answers import Answers, Ask, records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.identity import UNIQUE_ID_SYSTEM, IdentityRules, vendor_key
from student_graph.adapters.lookup import About, lookup_of
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.fetch.access_paths import RoutedFetch
from student_graph.gateway.fetch.batching import Batcher
from student_graph.gateway.fetch.student_links import IDENTITIES_BY_DISTRICT, IDENTITIES_BY_ID

ROSTERS = lookup_of(Adapter.section_enrollments_by_section)


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """A `Fetch` that lets another fetch translate ids, and meanwhile requests what that fetch will need later."""

    translated: Fetch
    """The fetch that translates; it reads through `fetch`."""
    fetch: Batcher
    """The batches of the operation."""
    routed: RoutedFetch
    """What answers the asks of `fetch`."""
    districts: Mapping[DistrictId, District]

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask under the district's ids."""
        coroutine = self._read_ahead(source, ask)
        if coroutine is None:
            return await self.translated(source, ask)
        task = asyncio.create_task(coroutine)
        try:
            return await self.translated(source, ask)
        finally:
            task.cancel()

    def _read_ahead(self, source: Source, ask: Ask[Any]) -> Coroutine[Any, Any, None] | None:
        """What a translation needs later; None if that is nothing, or not known yet."""
        rules = source.identity
        if rules is None:
            return None
        match ask.lookup.key_kind:
            case "student":
                return self._read_students(source, rules, ask)
            case "section" if ask.lookup.about is About.STUDENTS:
                return self._read_identities(self.districts[source.district], rules, ask)
            case _:
                return None

    def _read_students(
        self, source: Source, rules: IdentityRules, ask: Ask[Any]
    ) -> Coroutine[Any, Any, None] | None:
        """
        The students by the source's keys, if the first rule computes these keys from the district's number only.
        """
        rule = next(iter(rules.students), None)
        if rule is None or rule.system != UNIQUE_ID_SYSTEM:
            return None
        keys = tuple([vendor_key(rule.field, student) for student in ask.keys])
        return self._read(source, replace(ask, keys=keys))

    def _read_identities(
        self, district: District, rules: IdentityRules, ask: Ask[Any]
    ) -> Coroutine[Any, Any, None] | None:
        """The identities of sections' students; of all students if records may name any of them."""
        if all(rule.system == UNIQUE_ID_SYSTEM for rule in rules.students):
            return self._read_rosters(district, ask)
        authority = district.authority(IDENTITIES_BY_DISTRICT)
        return None if authority is None else self._read(authority, Ask(IDENTITIES_BY_DISTRICT, (district.id,)))

    async def _read_rosters(self, district: District, ask: Ask[Any]) -> None:
        """
        The identities of the students of some sections, if their rosters are cached or requested.

        They are read only by lists, because some of these students may have no records at the source.
        """
        authority, sis = district.authority(IDENTITIES_BY_ID), district.authority(ROSTERS)
        if authority is None or sis is None:
            return
        rosters = await self._requested(sis, Ask(ROSTERS, ask.keys, max_age=ask.max_age)) or {}
        rows: list[Any] = [row for answer in rosters.values() for row in records_in(answer.value)]
        students = dict.fromkeys(row.student_id for row in rows)
        identities = Ask(IDENTITIES_BY_ID, tuple(students))
        if students and self.routed.peek(authority, identities, []) is None:
            await self.routed.read_lists(authority, identities)

    async def _read(self, source: Source, ask: Ask[Any]) -> None:
        """Read an ask that the translation makes afterwards, unless it is cached."""
        if self.routed.peek(source, ask, []) is None:
            await self.fetch(source, ask)

    async def _requested(self, source: Source, ask: Ask[Any]) -> Answers | None:
        """The answers to an ask that is cached or that the operation has made; None if a source must be asked."""
        answers = self.routed.peek(source, ask, [])
        if answers is None and not self.fetch.unheld_keys(source, ask, list(ask.keys)):
            answers = await self.fetch(source, ask)
        return answers
