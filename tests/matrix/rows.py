"""
The rows of the matrix, by section, and why some are not played.

A transport, B content and paging, C outgoing requests, D cache. Tests name the rows that they play by the marker
`row`; a report at the end of a run counts them.
"""

from __future__ import annotations

SECTIONS = {
    "A": [f"A{n:02}" for n in (*range(1, 19), *range(20, 31))],
    "B": [f"B{n:02}" for n in range(1, 17)],
    "C": [f"C{n:02}" for n in range(1, 9)],
    "D": [f"D{n:02}" for n in range(1, 15)],
}
"""Every row; the numbers are those of the requirements, and one is not used."""

NOT_COVERED = {
    "B15": "no vendor hands us a pattern: none is compiled",
    "C05": "there are no declarative adapters yet: no file is expanded",
    "C06": "there are no declarative adapters yet, and settings are TOML: no YAML is read",
    "C07": "adapters have no claim sets yet",
}
"""Rows that no test plays, and why."""
