"""The rows of `rows.toml`, by section. Tests name the rows that they play by the marker `row`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """A fault, and what the gateway must do."""

    fault: str
    expected: str


_TABLE = tomllib.loads((Path(__file__).parent / "rows.toml").read_text(encoding="utf-8"))
NOT_COVERED: dict[str, str] = _TABLE.pop("not_covered")
"""Rows that no test plays, and why."""
TITLES: dict[str, str] = {section: rows.pop("title") for section, rows in _TABLE.items()}
"""What each section is about."""
SECTIONS: dict[str, list[str]] = {section: list(rows) for section, rows in _TABLE.items()}
"""Names of the rows of each section; some numbers are not used."""
ROWS: dict[str, Row] = {name: Row(*texts) for rows in _TABLE.values() for name, texts in rows.items()}
"""Every row by its name."""
