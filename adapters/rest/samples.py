"""Compares the paths of a mapping with a sample answer of the vendor."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from student_graph.adapters.rest.mapping.numbers import MappingError
from student_graph.adapters.rest.mapping.paths import UnreadableValueError, first_names
from student_graph.adapters.rest.plan import LookupPlan

MAX_SAMPLE_BYTES = 4 * 1024 * 1024
"""Maximum size of a sample answer."""
MAX_SAMPLE_ROWS = 1000
"""Rows of a sample that are compared."""


def check_sample(file: Path, plan: LookupPlan) -> None:
    """
    Check that every path finds a value in at least one row of a sample, and that a record can be built of it.

    Raises:
        MappingError: the sample cannot be read, has no rows, or a path finds nothing in any row.
    """
    rows = sample_rows(file, plan)
    for declared in plan.mapping.paths:
        if all(_value(declared.read, row) is None for row in rows):
            raise MappingError(
                declared.location, f"{declared.text} finds nothing in the sample{_hint(declared.text, rows)}"
            )
    values = _AnyValue()
    errors = []
    for row in rows:
        try:
            plan.mapping.build(row, values)
        except UnreadableValueError as exc:
            errors.append(str(exc))
    if len(errors) == len(rows):
        raise MappingError((), f"no row of the sample becomes a {plan.lookup.record_type.__name__}: {errors[0]}")


def sample_rows(file: Path, plan: LookupPlan) -> list[dict[str, Any]]:
    """
    The rows of a sample answer.

    Raises:
        MappingError: it cannot be read, or has no rows where the declaration looks for them.
    """
    try:
        content = file.read_bytes()
    except OSError as exc:
        raise MappingError((), f"the sample {file.name} cannot be read: {exc.strerror}") from None
    if len(content) > MAX_SAMPLE_BYTES:
        raise MappingError((), f"the sample {file.name} has more than {MAX_SAMPLE_BYTES // 1024 // 1024} MiB")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise MappingError((), f"the sample {file.name} is not JSON") from None
    rows = _value(plan.source.get, document)
    rows = [rows] if isinstance(rows, dict) and plan.source.is_single else rows
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if not rows:
        raise MappingError(("lookups", plan.lookup.name, "rows"), f"finds no rows in the sample {file.name}")
    return rows[:MAX_SAMPLE_ROWS]


def _value(read: Any, row: Any) -> Any:
    try:
        return read(row)
    except UnreadableValueError:
        return None


def _hint(path: str, rows: list[dict[str, Any]]) -> str:
    names = sorted({name for row in rows for name in row})
    firsts = [name for name in first_names(path) if name not in names]
    similar = difflib.get_close_matches(firsts[0], names, 1) if firsts else []
    if similar:
        return f"; did you mean {similar[0]}?"
    return f"; a row has {', '.join(names[:12])}" if firsts else ""


class _AnyValue(dict[str, Any]):
    """Has a value for every placeholder, as if a lookup had been called."""

    def __missing__(self, key: str) -> Any:
        return 2000 if key == "school_year" else "sample"
