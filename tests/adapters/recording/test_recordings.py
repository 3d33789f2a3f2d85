"""A recording of a sandbox holds none of its people, and adapters read it as they read the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from importlib.metadata import entry_points
from typing import Any

import msgspec
import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Window, lookup_of
from student_graph.adapters.model import DistrictId, StudentId
from student_graph.adapters.recording import ORIGIN, Exchange, Fictions, Replay
from student_graph.adapters.registry import build_settings, find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache import Limits
from student_graph.gateway.cli.recordings.sampling import record_samples
from student_graph.gateway.config.districts import connect, wrap_transport
from student_graph.gateway.demo.districts import SANDBOX_ENTRY_POINTS
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server.commands.sample_reads import SAMPLE_KEYS
from student_graph.gateway.signing import HmacSigner
from tests.long_runs import size
from tests.patience import SOURCE_SECONDS

FACTS = make_district(10, 5)
UNKNOWN = StudentId("99999999")
REPLAYED = frozenset({"students_by_district", "student_identities_by_id"})
DISTRICT = DistrictId("hill")
STUDENTS = lookup_of(Adapter.students_by_district)
WITH_OWN_IDS = frozenset({"canvas", "google_classroom"})
PERSONAL = frozenset({"id", "first", "middle", "last", "email", "login", "phone", "street", "birth", "number"})
"""Attributes of the sandboxes' people that name or find a person."""


def sandbox(kind: str) -> Sandbox:
    """A sandbox of the district."""
    [entry_point] = entry_points(group=SANDBOX_ENTRY_POINTS, name=kind)
    loaded: Sandbox = entry_point.load()(FACTS)
    return loaded


def source(kind: str, settings: dict[str, Any]) -> Source:
    """A source with the settings of a sandbox."""
    adapter = find_adapter(kind)
    return connect(DISTRICT, kind, kind, build_settings(adapter, kind, *as_configured(settings)))


def as_configured(settings: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Settings as in a file, with secrets in the environment."""
    secret = {name: value for name, value in settings.items() if re.search("secret|token$|key$", name)}
    plain = {name: value for name, value in settings.items() if name not in secret}
    return plain | {f"{name}_env": name for name in secret} | {"timeout": SOURCE_SECONDS}, secret


def replayed(settings: dict[str, Any]) -> dict[str, Any]:
    """The same settings, at the address of recordings."""
    addresses = {"base_url": ORIGIN} | ({"token_url": f"{ORIGIN}/token"} if "token_url" in settings else {})
    return settings | addresses


async def recorded(
    kind: str, lookups: frozenset[str] | None = None
) -> tuple[dict[str, list[Exchange]], dict[str, dict[str, Any]]]:
    """The recordings of a vendor and, where it has ids of its own, of the SIS; and the settings of each."""
    sandboxes = [sandbox(name) for name in dict.fromkeys(["edfi", kind] if kind in WITH_OWN_IDS else [kind])]
    with served(*sandboxes):
        settings = {sandbox.kind: sandbox.source_settings() for sandbox in sandboxes}
        sources = tuple(source(name, values) for name, values in settings.items())
        try:
            sources = tuple(replace(source, allowed_lookups=lookups) for source in sources)
            district, fictions = District(DISTRICT, "Hill", sources), Fictions(b"k" * 32)  # the same in each run
            return await record_samples(district, sources[-1], fictions), settings
        finally:
            for opened in sources:
                await opened.adapter.http.aclose()


def personal_values(value: Any, name: str = "") -> Iterator[str]:
    """Every name, id, address and date of birth in the sandbox's made-up people."""
    if is_dataclass(value):
        for attribute in fields(value):
            yield from personal_values(getattr(value, attribute.name), attribute.name)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from personal_values(item, name)
    elif name == "codes":
        yield from (part for part in [str(value)] if part.isdecimal())
    elif isinstance(value, str | date) and any(part in PERSONAL for part in name.split("_")):
        yield str(value)


@pytest.mark.long_run
@pytest.mark.parametrize("kind", ["edfi", "canvas", "oneroster", "google_classroom"][: size(2, 4)])
async def test_a_recording_holds_nobody(kind: str) -> None:
    """No name, id, mail address, phone, street or date of birth of the sandbox is in the recordings."""
    recordings, _ = await recorded(kind)
    canaries = {
        value for value in personal_values([FACTS.students, FACTS.staff, FACTS.contacts]) if len(value) > 3
    }
    text = "\n".join(msgspec.json.encode(exchange).decode() for part in recordings.values() for exchange in part)
    words = set(re.findall(r"[\w@.+-]+", text))

    assert len(canaries) > 30
    assert all(recordings.values())
    assert sorted(value for value in canaries if value in words or (not value.isalnum() and value in text)) == []


async def test_an_adapter_reads_a_recording_as_it_reads_the_vendor() -> None:
    """The gateway's client gets as many students and grades from the recording, all of them made up."""
    recordings, settings = await recorded("edfi", lookups=REPLAYED)
    replay = Replay(recordings["edfi"])
    sis = source("edfi", replayed(settings["edfi"]))
    wrap_transport(sis, lambda _: replay)
    pipeline = FetchPipeline([District(DISTRICT, "Hill", (sis,))], HmacSigner(b"k" * 32), Limits(memory=0))
    fetch, _ = pipeline.background_fetch()
    try:
        page = (await fetch(sis, Ask(STUDENTS, (DISTRICT,), window=Window(SAMPLE_KEYS))))[DISTRICT].value
        ids = tuple(student.student_id for student in page.items)
        identities = await fetch(sis, Ask(lookup_of(Adapter.student_identities_by_id), ids))
        unknown = await fetch(sis, Ask(lookup_of(Adapter.student_identities_by_id), (UNKNOWN,)))
    finally:
        await pipeline.close()
        await sis.adapter.http.aclose()

    real = {student.id for student in FACTS.students}
    assert len(ids) == SAMPLE_KEYS
    assert real.isdisjoint(ids)
    assert [identities[id].value.student_id for id in ids] == list(ids)
    assert "the recording has no answer to GET" in unknown[UNKNOWN].value.reason
    assert "student-graph adapters record" in unknown[UNKNOWN].value.reason
