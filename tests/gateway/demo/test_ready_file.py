"""The ready file appears complete or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.demo.ready_file import ready_file


def test_the_ready_file_exists_only_while_it_is_complete(tmp_path: Path) -> None:
    """Not before the demo is ready, and not after it has ended; nothing else stays in the folder."""
    path = tmp_path / "ready.json"
    path.write_text("of an earlier demo")
    with ready_file(path) as write:
        assert list(tmp_path.iterdir()) == []
        write({"graphql": "http://127.0.0.1:8000/graphql"})
        assert list(json.loads(path.read_text())) == ["graphql"]

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


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    """Before anything else starts."""
    with pytest.raises(SettingsError, match="--ready-file"), ready_file(tmp_path / "missing" / "ready.json"):
        pass
