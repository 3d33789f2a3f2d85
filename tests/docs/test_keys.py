"""The page for operators says of every secret that the settings name how it is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from student_graph.gateway.config.settings_file import Config

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def secret_settings(kind: Any, seen: set[Any]) -> Iterator[str]:
    """Names of settings that hold the name of an environment variable, in a section and those within it."""
    for part in get_args(kind):
        yield from secret_settings(part, seen)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        for name, field in kind.model_fields.items():
            if name.endswith("_env"):
                yield name
            yield from secret_settings(field.annotation, seen)


@pytest.mark.parametrize("name", sorted(set(secret_settings(Config, set()))))
def test_every_secret_has_a_way_to_replace_it(name: str) -> None:
    """In the table of keys, by the name of its setting."""
    after = PAGE.read_text(encoding="utf-8").partition("## Keys, and how each is replaced")[2]
    table = after.partition("\n## ")[0]

    assert f"{name}`" in table
