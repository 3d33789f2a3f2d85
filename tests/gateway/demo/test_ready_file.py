"""The ready file: who can read it, and when it exists."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
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


CODE = """
import sys
from pathlib import Path
from student_graph.gateway.demo.ready_file import ready_file

sys.addaudithook(lambda event, arguments: print(arguments[1]) if event == "os.rename" else None)
with ready_file(Path(sys.argv[1])):
    pass
"""


def test_the_check_of_the_folder_uses_another_name(tmp_path: Path) -> None:
    """A process that waits for the ready file would read an empty one; each file gets its name by a rename."""
    path = tmp_path / "ready.json"
    renamed = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", CODE, str(path)], check=True, capture_output=True, text=True
    ).stdout.splitlines()

    assert renamed
    assert str(path) not in renamed


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
