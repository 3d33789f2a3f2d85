"""What all parts of the compiler use: the declaration, and errors with the line of the file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

from student_graph.adapters.rest.client.templates import KEY, Template, TemplateError, parse_request
from student_graph.adapters.rest.declaration.errors import DeclarationError
from student_graph.adapters.rest.declaration.models import Declaration
from student_graph.adapters.rest.declaration.positions import Lines
from student_graph.adapters.rest.mapping.paths import Getter, PathError, compile_path

MAX_KEY_PARTS = 6
"""Parts of a key that requests can name, as `{key.0}`."""
KEY_NAMES = (KEY, *(f"{KEY}.{position}" for position in range(MAX_KEY_PARTS)))
"""Placeholders of one requested key."""
Location = tuple[str | int, ...]
"""Names that lead to a part of a declaration."""


class Checks:
    """A declaration whose mistakes are errors with file and line."""

    def __init__(self, file: Path, declaration: Declaration, lines: Lines) -> None:
        self.file, self.declaration, self._lines = file, declaration, lines
        self.settings = [f"settings.{name}" for name in declaration.request_settings]
        """The placeholders of the settings that requests may use."""

    def linked_kinds(self) -> set[str]:
        """The kinds of keys that name a field of the vendor, because identity rules build them."""
        rules = self.declaration.identity
        if rules is None:
            return set()
        kinds = {
            "student": rules.students,
            "section": rules.sections,
            "school": rules.schools,
            "staff": rules.staff,
        }
        return {kind for kind, of_kind in kinds.items() if of_kind}

    def request(self, text: str, known: Collection[str], location: Location) -> Template:
        """
        Return the template of a request.

        Raises:
            DeclarationError: it is no request.
        """
        try:
            return parse_request(text, known)
        except TemplateError as exc:
            self.fail(location, str(exc))

    def path(self, text: str, location: Location) -> Getter:
        """
        Return the function that evaluates a path.

        Raises:
            DeclarationError: it is no path.
        """
        try:
            return compile_path(text)
        except PathError as exc:
            self.fail(location, str(exc))

    def fail(self, location: Location, problem: str) -> NoReturn:
        """
        Report a mistake.

        Raises:
            DeclarationError: always.
        """
        raise DeclarationError(self.file, self._lines.line_of(location), location, problem)


def same(document: object) -> object:
    """Return the document itself: without a path, the response is the rows."""
    return document
