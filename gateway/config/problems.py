"""Collects the problems of settings, so that an operator corrects all of them at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from student_graph.adapters.registry import SettingsError, build_settings, find_adapter
from student_graph.gateway.config.naming import name_of_setting


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
                build_settings(adapter, name, own, environ)
            except SettingsError as error:
                yield from (owner + problem for problem in error.problems)


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [table for table in value if isinstance(table, dict)] if isinstance(value, list) else []
