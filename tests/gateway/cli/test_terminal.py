"""What a terminal is fed: texts of vendors and clients are escaped and cut, so that they are only shown."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from student_graph.gateway.cli.main import main
from student_graph.gateway.cli.parser import MAX_CELL_CHARACTERS, format_table, printable
from student_graph.gateway.cli.terminal import print_table, progress
from student_graph.gateway.disclosure import DisclosureKeys
from tests.gateway.terminal import shown_in_terminal
from tests.subcases import subcases

ODD_TEXTS = [
    "\x1b[2J\x1b]0;owned\x07",
    "a\nb",
    "a\rb",
    "\x9b31m",
    "\x7f",
    "a\u202egnp",
    "\u2066a",
    "a\u200bb",
    "\ud800",
]
KEY = b"k" * 32


@given(st.text(st.characters()))
@example("".join(ODD_TEXTS))
def test_a_text_is_escaped_where_it_is_printed(text: str) -> None:
    """What is printed can be encoded, stays on one line, and is the text itself if all of it can be shown."""
    result = printable(text)
    assert result.isprintable()
    assert result.encode().isascii() or not text.isascii()
    assert (result == text) is text.isprintable()
    assert result.encode("unicode_escape").count(b"\\\\") >= len([char for char in text if not char.isprintable()])


@subcases("text", ODD_TEXTS)
def test_a_cell_of_a_table_is_printed_on_one_line(text: str) -> None:
    """Each row is one line, wherever the text is."""
    table = format_table([("NAME", "SAYS"), (text, "fine"), ("sis", text)])
    assert len(table.splitlines()) == 3
    assert table.replace("\n", "").isprintable()


def test_a_long_cell_is_cut_except_in_the_last_column() -> None:
    """Columns stay narrow; the last one says what to do and moves no other."""
    name, advice = "n" * 60_000, "a" * 500
    header, row = format_table([("NAME", "SAYS"), (name, advice)]).splitlines()
    assert header.index("SAYS") == row.index("a") == MAX_CELL_CHARACTERS + 2
    assert row == f"{'n' * (MAX_CELL_CHARACTERS - 1)}…  {advice}"
    assert format_table([("n" * MAX_CELL_CHARACTERS, "x")]).startswith("n" * MAX_CELL_CHARACTERS)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_record_of_disclosures_is_printed_without_its_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """Also a line that an older gateway wrote, which took such purposes, and the name of a changed file."""
    student = DisclosureKeys(KEY).pseudonym("hill", "s1")
    line = {
        "id": "1",
        "ts": "2026-11-28T11:40:14.654Z",
        "actor": {"sub": "hmac:159c708981000", "role": "TEACHER\x1b[31m"},
        "purpose": "".join(ODD_TEXTS[:-1]),
        "opName": "A" * 5_000,
        "students": [student],
        "count": 1,
        "categories": ["\u202eMEAL"],
    }
    start = {"kind": "start", "others": [{"file": "disclosure-\x1b[2J.jsonl", "lines": 1, "last": "x"}]}
    (tmp_path / "disclosure-20261128T000000-1.jsonl").write_text(f"{json.dumps(start)}\n{json.dumps(line)}\n")
    ready = tmp_path / "ready.json"
    key = base64.b64encode(KEY).decode()
    ready.write_text(json.dumps({"disclosures": {"directory": str(tmp_path), "key": key, "districts": ["hill"]}}))
    arguments = ["disclosures", "--ready-file", str(ready), "--student", "s1", *(["--json"] if as_json else [])]
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    output, errors = capsys.readouterr()
    assert (exit_info.value.code, errors) == (1, "")
    assert output.replace("\n", "").isprintable()
    assert "2026-11-28T11:40:14.654Z" in output
    assert as_json or max(map(len, output.splitlines())) < 400


def shown_by(code: str, columns: int = 100) -> str:
    """What Python code writes to a terminal of this width."""
    environ = os.environ | {"COLUMNS": str(columns), "TERM": "xterm"}
    environ.pop("NO_COLOR", None)
    return shown_in_terminal([sys.executable, "-c", code], environ=environ)


TABLE = """
from student_graph.gateway.cli.terminal import print_table
print_table({headings!r}, {rows!r})
"""


def test_a_terminal_shows_a_table_and_a_pipe_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal gets lines and colors; what a program reads has neither."""
    headings, rows = ("NAME", "STATUS"), [("sis", "ok"), ("[bold]lms[/]", "failed")]
    shown = shown_by(TABLE.format(headings=headings, rows=rows))
    print_table(headings, rows)

    assert "\u2500" in shown
    assert "\x1b[32mok" in shown
    assert "[bold]lms[/]" in shown  # text of a vendor is no markup
    assert capsys.readouterr().out == "NAME          STATUS\nsis           ok\n[bold]lms[/]  failed\n"


def test_a_table_of_numbers_fits_a_usual_terminal() -> None:
    """Short columns are no reason to show each row as a list."""
    headings = ("GROUP", "STUDENTS", "AT RISK", "WATCH", "ON TRACK", "NOT EVALUATED", "RATE", "MEAN")
    row = ("390042001", "300", "19", "-", "-", "-", "0.0633", "0.0312")
    shown = re.sub(r"\x1b\[\d*m", "", shown_by(TABLE.format(headings=headings, rows=[row]), columns=80))

    lines = [line.split() for line in shown.splitlines()]
    assert " ".join(headings).split() in lines
    assert list(row) in lines


@pytest.mark.parametrize("columns", [200, 40])
def test_a_terminal_shows_odd_texts_escaped(columns: int) -> None:
    """In a table and, where it is too narrow, in lists of values: no text moves the cursor."""
    texts = [text for text in ODD_TEXTS if text.isascii()]
    shown = shown_by(TABLE.format(headings=("A", "B", "C", "D"), rows=[(text,) * 4 for text in texts]), columns)

    assert "\\x1b" in shown
    assert "\x1b[2J" not in shown
    assert "\x07" not in shown


def test_progress_is_shown_in_a_terminal_only(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, so that results can be redirected; nothing of it is left for a program."""
    code = "from student_graph.gateway.cli.terminal import progress\nwith progress('reading', 2) as step: step()"
    assert "reading" in shown_by(code)
    with progress("reading", 2) as step:
        step()

    assert capsys.readouterr() == ("", "")


def test_an_error_is_printed_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """It may quote an argument or a setting."""
    with pytest.raises(SystemExit):
        main(["explain", "\x1b[2J\u202e", "--ready-file", "absent\x1b.json"])
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert message.strip().isprintable()
