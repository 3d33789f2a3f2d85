"""Errors of a declaration: the file, the line, what is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from student_graph.adapters.registry import SettingsError


class DeclarationError(SettingsError):
    """A declaration is wrong. The message begins with the file and the line, and holds no value of a secret."""

    def __init__(self, file: Path, line: int, setting: Sequence[str | int], problem: str) -> None:
        self.file, self.line, self.setting, self.problem = file, line, tuple(setting), problem
        name = ".".join(map(str, setting))
        super().__init__(f"{file}:{line}: {f'{name}: ' if name else ''}{problem}")
