"""
The problems of settings: all at once, so that an operator corrects them together.

They name a setting by the names of its district, source or viewer, not by positions in lists.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from student_graph.adapters.registry import SettingsError, build_settings, find_adapter

MAX_NAME_CHARACTERS = 64
"""Characters of a name that an error shows; what is longer is no name, and may be something else by mistake."""
NAMES_OF_TABLES: Mapping[str, tuple[str, str | None]] = {
    "districts": ("district", "id"),
    "sources": ("source", "name"),
    "viewers": ("viewer", "subject"),
    "issuers": ("issuer", "issuer"),
    "families": ("family", "name"),
    "levels": ("level", "code"),
    "bands": ("band", None),
    "grants": ("grant", None),
    "assigned": ("assignment", "subject"),
}
"""By the name of a list of tables: what one of them is called, and which of its settings is its name."""


class Problems:
    """The problems that were found so far."""

    def __init__(self) -> None:
        self._problems: list[str] = []

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        """Keep what is wrong in the block, and go on after it."""
        try:
            yield
        except SettingsError as error:
            self._problems += error.problems

    def add(self, problem: str) -> None:
        """Add one problem."""
        self._problems.append(problem)

    def raise_all(self) -> None:
        """
        Do nothing if nothing is wrong.

        Raises:
            SettingsError: all that is wrong; the same problem is named once.
        """
        if self._problems:
            raise SettingsError(*dict.fromkeys(self._problems))


def problems_of_sources(
    settings: Mapping[str, Any], common: Mapping[str, Any], path: Path, environ: Mapping[str, str]
) -> Iterator[str]:
    """
    What is wrong with the adapters' settings in a file whose other settings are wrong too.

    `common` are the settings that every source has; an adapter does not get them.
    """
    for index, district in enumerate(_tables(settings.get("districts"))):
        for number, source in enumerate(_tables(district.get("sources"))):
            kind, name = source.get("kind"), source.get("name")
            if not isinstance(kind, str) or not isinstance(name, str):
                continue
            own = {key: value for key, value in source.items() if key not in common}
            location = ("districts", index, "sources", number)
            owner = f"{name_of_setting(location, settings)[0]}: "
            try:
                adapter = find_adapter(kind).for_source(own, path.parent)
                owner = f"{name_of_setting(location[:2], settings)[0]}, "
                build_settings(adapter, name, own, environ, path.parent)
            except SettingsError as error:
                yield from (owner + problem for problem in error.problems)


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [table for table in value if isinstance(table, dict)] if isinstance(value, list) else []


def problems_of(error: ValidationError, settings: Mapping[str, Any]) -> Iterator[str]:
    """All problems of settings, one text each, without the value of any setting."""
    problems = error.errors(include_input=False, include_url=False)
    locations = [problem["loc"] for problem in problems]
    for problem in problems:
        location = problem["loc"]
        if problem["type"] == "too_short" and any(
            len(other) > len(location) and other[: len(location)] == location for other in locations
        ):
            continue  # a list is empty only because what is in it is wrong
        owner, setting = name_of_setting(location, settings)
        match problem["type"]:
            case "missing":
                message = f"{setting} is missing"
            case "extra_forbidden":
                message = f"there is no setting {setting}"
            case "frozen_set_type" | "list_type" | "tuple_type":
                message = _joined(setting, "must be a list")
            case "dataclass_type" | "dict_type" | "model_type":
                message = _joined(setting, "must be a table")
            case "value_error":
                message = _joined(setting, f"must be {problem['ctx']['error']}")
            case _:
                message = _joined(setting, f"{problem['msg'][:1].lower()}{problem['msg'][1:]}")
        yield _joined(owner, message)


def name_of_setting(location: Sequence[str | int], settings: Any) -> tuple[str, str]:
    """
    The table that a setting is in, such as `district 'hill', source 'sis'`, and the setting's name there.

    Each is empty if there is none. A table without a name is counted, from 1: `district 'hill', grant 2`.
    """
    tables: list[str] = []
    names: list[str] = []
    value = settings
    for part in location:
        value = _member(value, part)
        if isinstance(part, str):
            names.append(part)
            continue
        tables.append(_name_of_table(names, part, value))
        names.clear()
    return ", ".join(tables), ".".join(names)


def _name_of_table(names: Sequence[str], index: int, table: Any) -> str:
    """The name of one table of a list, or its number."""
    if len(names) != 1 or names[0] not in NAMES_OF_TABLES:
        return f"{'.'.join(names)} entry {index + 1}"
    noun, key = NAMES_OF_TABLES[names[0]]
    name = _member(table, key)
    is_name = isinstance(name, str) and name.isprintable() and 0 < len(name) <= MAX_NAME_CHARACTERS
    return f"{noun} {name!r}" if is_name else f"{noun} {index + 1}"


def _member(value: Any, key: str | int | None) -> Any:
    """What a table or list holds under a key; None if it holds nothing there."""
    try:
        return value[key]
    except (LookupError, TypeError):
        return None


def _joined(*parts: str) -> str:
    return ": ".join(part for part in parts if part)
