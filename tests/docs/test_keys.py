"""The page for operators says how to replace each secret that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from student_graph.gateway.config.settings_file import Config

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
OF_A_SOURCE = "districts.sources."
"""Sections of settings that the page calls those of a source."""


def secret_settings(kind: Any, path: str = "") -> Iterator[str]:
    """Paths of settings that hold the name of an environment variable, such as `cache.key_env`."""
    for part in get_args(kind):
        yield from secret_settings(part, path)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if name.endswith("_env"):
                yield f"{path}{name}"
            yield from secret_settings(field.annotation, f"{path}{name}.")


@pytest.mark.parametrize("name", sorted(set(secret_settings(Config))))
def test_every_secret_has_a_way_to_replace_it(name: str) -> None:
    """In the table of keys, by the path of its setting: a secret with the same last name is another one."""
    after = PAGE.read_text(encoding="utf-8").partition("## Keys, and how each is replaced")[2]
    table = after.partition("\n## ")[0]

    assert f"`{name.removeprefix(OF_A_SOURCE)}`" in table
