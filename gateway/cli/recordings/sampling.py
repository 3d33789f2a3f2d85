"""Asks one source of a district for a few records of each kind, and keeps scrubbed copies of what it answers."""

from __future__ import annotations

import argparse

from student_graph.adapters.recording import Exchange, Fictions, Recorder
from student_graph.adapters.recording.words import scrubber_for
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cli.districts import districts_of
from student_graph.gateway.cli.parser import Parser, add_district_options
from student_graph.gateway.config.districts import wrap_transport
from student_graph.gateway.server.commands.sample_reads import read_samples


def add_source_options(command: Parser) -> None:
    """Add the options that name a source of a settings file or of a running demo."""
    add_district_options(command)
    command.add_argument("--source", required=True, metavar="DISTRICT/NAME", help="the source, such as hill/sis")


def source_of(options: argparse.Namespace) -> tuple[District, Source]:
    """
    The source that the options name, and its district.

    Raises:
        SettingsError: there is no such source, or the settings are wrong.
    """
    districts = districts_of(options)
    for district in districts:
        for source in district.sources:
            if f"{district.id}/{source.name}" == options.source:
                return district, source
    names = ", ".join(f"{district.id}/{source.name}" for district in districts for source in district.sources)
    raise SettingsError(f"--source: there is no source {options.source!r}; there are {names}")


async def record_samples(
    district: District, source: Source, fictions: Fictions | None = None
) -> dict[str, list[Exchange]]:
    """
    The scrubbed requests and responses of a source by its name, for a few records of each kind that it offers.

    A source with ids of its own gets its keys from the other sources of the district, so these are recorded too.
    The same person is the same made-up one in all of them, by a new key if no `fictions` are given.
    """
    sources = [source] if source.identity is None else district.sources
    fictions = fictions or Fictions()
    recorders = {source.name: _record(source, fictions) for source in sources}
    await read_samples(district, sources)
    return {name: recorder.exchanges for name, recorder in recorders.items()}


def _record(source: Source, fictions: Fictions) -> Recorder:
    """Record the requests to a source from now on."""
    recorder = Recorder(scrubber_for(source.adapter, fictions))
    wrap_transport(source, recorder.around)
    return recorder
