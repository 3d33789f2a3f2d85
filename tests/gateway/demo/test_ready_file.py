"""The ready file: who can read it, and when it exists."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.demo.ready_file import ready_file


def test_a_file_that_all_could_read_is_replaced(tmp_path: Path) -> None:
    """Only the owner can read the new file; it exists from the moment it is written until the block ends."""
    path = tmp_path / "ready.json"
    path.write_text("old")
    path.chmod(0o644)
    with ready_file(path) as write:
        assert not path.exists()
        write({"graphql": "http://127.0.0.1:8000/graphql"})

        assert json.loads(path.read_text()) == {"graphql": "http://127.0.0.1:8000/graphql"}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == []


def test_without_a_path_nothing_is_written() -> None:
    """The demo does not need a ready file."""
    with ready_file(None) as write:
        write({})


def test_a_path_that_cannot_be_written_is_named_at_once(tmp_path: Path) -> None:
    """The error comes before anything else starts."""
    path = tmp_path / "absent" / "ready.json"
    with pytest.raises(SettingsError) as error, ready_file(path):
        pass

    assert str(error.value) == f"--ready-file: {path}: No such file or directory"
