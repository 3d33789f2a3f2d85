"""How all sources of a district are asked."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import District, Keys, Source, Sources
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.gateway.small_district import DISTRICT, Ledger, Sis, source

STUDENT = StudentId("s1")


async def test_only_sources_without_cached_answers_are_queried() -> None:
    """The order of precedence holds, whoever is queried."""
    for cached_name in ("first", "second"):
        sources = tuple(source(Sis, Ledger(students=["s1"]), name) for name in ("first", "second"))
        district, names = District(DISTRICT, "Hill", sources), []
        cached = {
            known.name: await fetch_from_vendor(known, Ask(lookup_of(Adapter.students_by_id), (STUDENT,)))
            for known in sources
            if known.name == cached_name
        }

        async def fetch(queried: Source, ask: Ask[Any], /, names: list[str] = names) -> Answers:
            names.append(queried.name)
            return await fetch_from_vendor(queried, ask)

        def from_cache(queried: Source, _: Ask[Any], cached: dict[str, Answers] = cached) -> Answers | None:
            return cached.get(queried.name)

        district_sources = Sources({DISTRICT: district}, fetch, from_cache=from_cache)
        results = await district_sources.load_one(Adapter.students_by_id, Keys(DISTRICT, [STUDENT]))
        assert names == [name for name in ("first", "second") if name != cached_name]
        [student] = results.values
        assert student.fetched.source == "first"
