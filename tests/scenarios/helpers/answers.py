"""Compares answers that were fetched at different times."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from student_graph.adapters.answers import Answers
from student_graph.adapters.errors import AdapterError


def without_fetch_time(answers: Answers) -> dict[Any, Any]:
    """The fields of the records of each answer, except when they were fetched; the code of an error."""
    values = {}
    for key, answer in answers.items():
        records = answer.value if isinstance(answer.value, list) else [answer.value]
        values[key] = [
            record.code
            if isinstance(record, AdapterError)
            else {f.name: getattr(record, f.name) for f in fields(record) if f.name != "fetched"}
            for record in records
        ]
    return values
