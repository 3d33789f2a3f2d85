"""A reload that takes effect says so in the log."""

from __future__ import annotations

import logging

import pytest

from student_graph.gateway.web.routes.settings_status import Changes
from tests.gateway.cli.serving.gateway import SettingsFiles, running_gateway


async def test_the_log_says_in_numbers_what_a_reload_has_changed(
    files: SettingsFiles, caplog: pytest.LogCaptureFixture
) -> None:
    """Each reload that takes effect writes one line at the default level, which names nothing."""
    async with running_gateway(files) as gateway:
        caplog.clear()
        caplog.set_level(logging.INFO, "student_graph")
        canvas = files.sources.pop("canvas")
        await gateway.change()
        files.sources["canvas"] = canvas
        files.source_lines["edfi"] = "concurrency = 3"
        await gateway.change()
        await gateway.change(server="graphiql = true")
        lines = [record.getMessage() for record in caplog.records if record.name == "student_graph.gateway"]

    assert lines == [
        f"the new settings are in use: districts: {districts}; sources: {sources}"
        for districts, sources in (
            ("0 added, 0 removed, 1 changed", "0 added, 1 removed, 0 changed"),
            ("0 added, 0 removed, 1 changed", "1 added, 0 removed, 1 changed"),
            ("0 added, 0 removed, 0 changed", "0 added, 0 removed, 0 changed"),
        )
    ]


def test_changes_are_counted_by_name() -> None:
    """What has another name is another thing, and what is not equal has changed."""
    assert Changes.between({"a": 1, "b": 2, "c": 3}, {"b": 2, "c": 4, "d": 3, "e": 1}) == (2, 1, 1)
