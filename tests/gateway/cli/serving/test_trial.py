"""`check` refuses what `serve` would refuse, in the same words, and opens nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.serving.loader import ServiceLoader
from student_graph.gateway.cli.serving.trial import try_start
from student_graph.gateway.server.service import Application
from tests.gateway.cli.serving.gateway import SettingsFiles

UNKNOWN_FIELD = "query A { nothing }"


def without_viewers(files: SettingsFiles) -> None:
    """Nobody could send queries."""
    files.viewers = []


def with_a_missing_manifest(files: SettingsFiles) -> None:
    """Its list of trusted documents is not there."""
    files.extra = "[documents]\nmanifest = 'missing.json'"


def with_a_wrong_document(files: SettingsFiles) -> None:
    """A trusted document selects a field that the schema does not have."""
    files.extra = "[documents]\nmanifest = 'trusted.json'"
    digest = sha256(UNKNOWN_FIELD.encode()).hexdigest()
    files.path.with_name("trusted.json").write_text(json.dumps({digest: UNKNOWN_FIELD}))


def without_the_key_of_the_record(files: SettingsFiles) -> None:
    """The variable is not set."""
    del files.secrets["RECORD"]


@pytest.mark.parametrize("spoil", [
    without_viewers,
    with_a_missing_manifest,
    with_a_wrong_document,
    without_the_key_of_the_record,
], ids=lambda spoil: spoil.__name__)  # fmt: skip
def test_settings_are_refused_as_at_the_start(
    files: SettingsFiles, spoil: Callable[[SettingsFiles], None]
) -> None:
    """All that a start builds is built."""
    spoil(files)
    files.write()
    with pytest.raises(SettingsError) as refused:
        Application(ServiceLoader(files.path, files.environment_file).start())
    with pytest.raises(SettingsError) as checked:
        try_start(files.path, files.environment_file)

    assert checked.value.problems == refused.value.problems


def test_correct_settings_leave_nothing_behind(files: SettingsFiles) -> None:
    """No record is begun, and no folder is made for it."""
    before = sorted(files.path.parent.iterdir())
    try_start(files.path, files.environment_file)

    assert sorted(files.path.parent.iterdir()) == before


def test_a_folder_of_the_record_that_cannot_be_is_named(files: SettingsFiles, tmp_path: Path) -> None:
    """As where a file has its name."""
    (tmp_path / "disclosures").touch()
    with pytest.raises(SettingsError, match=r"disclosure\.directory: .* cannot be written"):
        try_start(files.path, files.environment_file)
