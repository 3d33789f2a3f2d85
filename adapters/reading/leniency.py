"""
Reads what can be read of a body that does not match its payload model.

It is slow and runs only for such bodies. Each row is mended by itself: what pydantic refuses is replaced by null
if the model then accepts it, or left out if it is an element of a list, from the inside to the outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from pydantic import TypeAdapter, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError, to_json

from student_graph.adapters.errors import AdapterError, PayloadError, translate
from student_graph.adapters.reading.unreadable import report_unreadable_row

T = TypeVar("T")

Path: TypeAlias = tuple[str | int, ...]
"""Names and positions that lead to a value in a JSON document."""

MAX_REPAIRS = 2000
"""How many changes are tried for one body; rows that need more are left out, so that nothing waits for them."""
_DECIDING = "deciding"
_SHAPE_ERRORS = frozenset({"list_type", "model_type", "dict_type", "model_attributes_type"})
"""Errors of a value that is no list or no object where one is expected."""
_UNREADABLE = (ValidationError, ArithmeticError)
"""What validation raises for a value that cannot be read; pydantic passes on a validator's arithmetic errors."""


def _require_readable(value: Any, validate: Any) -> Any:
    try:
        return validate(value)
    except (ValidationError, ValueError, ArithmeticError):
        raise PydanticCustomError(_DECIDING, "a value that decides whether the row counts") from None


Deciding = Annotated[T, WrapValidator(_require_readable)]
"""
A value that decides whether its row counts, such as a status or an end date.

If it cannot be read, it is not read as null, because null may say that the row counts: the row is left out.
"""


def read_leniently(raw: Any, payload: TypeAdapter[T], first_error: Exception) -> T:
    """
    Return a parsed JSON document as `payload`, without the values and rows that cannot be read.

    A row that is left out is reported with its error.

    Raises:
        Exception: `first_error` or the last error, if the document is not a payload even without them.
    """
    repairs = _Repairs(payload)
    seen: set[Path] = set()
    error = first_error
    while (path := _path_of_rows(raw, error)) is not None and path not in seen:
        seen.add(path)
        raw = repairs.mend_rows(raw, path)
        try:
            return payload.validate_json(to_json(raw))
        except _UNREADABLE as exc:
            error = exc
    return payload.validate_json(to_json(repairs.mend(raw, ())))


class _Repairs(Generic[T]):
    """Mends one document; the number of repairs is limited."""

    def __init__(self, payload: TypeAdapter[T]) -> None:
        self._payload = payload
        self._left = MAX_REPAIRS

    def mend_rows(self, raw: Any, path: Path) -> Any:
        """The document without those elements of the list at a path that cannot be read; the others are mended."""
        rows, readable = _at(raw, path), []
        for row in rows:
            document = _replaced(raw, path, [row])
            try:
                readable.append(_at(self.mend(document, (*path, 0)), path)[0])
            except _UNREADABLE as exc:
                report_unreadable_row(to_json(row), _error_of(exc), of_page=True)
        return _replaced(raw, path, readable)

    def mend(self, document: Any, prefix: Path) -> Any:
        """
        The document with what cannot be read below a path replaced by null or left out.

        Raises:
            Exception: it cannot be read even so. The error is one of pydantic or of a validator's arithmetic.
        """
        left_out: list[tuple[bytes, AdapterError]] = []
        while (exc := self._failure(document)) is not None:
            if not isinstance(exc, ValidationError):
                raise exc
            document = self._without_first_error(document, prefix, exc, left_out)
        for element, error in left_out:
            report_unreadable_row(element, error)
        return document

    def _failure(self, document: Any) -> Exception | None:
        """
        The error of a document; None if it is a payload.

        A validator of the model may fail at null in another way than at the vendor's value, which it refuses.
        """
        try:
            self._payload.validate_json(to_json(document))
        except (*_UNREADABLE, TypeError, AttributeError) as exc:
            return exc
        return None

    def _without_first_error(
        self, document: Any, prefix: Path, exc: ValidationError, left_out: list[tuple[bytes, AdapterError]]
    ) -> Any:
        """The document without the cause of its first error, changed as far inside as the model allows."""
        first = exc.errors(include_input=False, include_url=False, include_context=False)[0]
        path = _existing_path(document, first["loc"])
        # What holds the rows of a body is no value of a row: without it, the body would look like an empty one.
        is_value = path == first["loc"] and first["type"] not in _SHAPE_ERRORS
        outermost = len(prefix) if prefix or (len(path) == 1 and is_value) else 1
        if first["type"] == _DECIDING:
            path = path[:-1]
        while len(path) > outermost:
            element = _at(document, path)
            is_row = isinstance(path[-1], int)
            for changed in (_without(document, path),) if is_row else _alternatives(document, path):
                self._left -= 1
                failure = self._failure(changed) if self._left >= 0 else exc
                if failure is None or (
                    isinstance(failure, ValidationError) and failure.error_count() < exc.error_count()
                ):
                    # Records may be missing without what an object or a list held; a scalar is one value.
                    is_part = path != first["loc"] or isinstance(element, dict | list)
                    if is_row or (is_part and element is not None):
                        left_out.append((to_json(element), _error_of(exc)))
                    return changed
            path = path[:-1]
        raise exc


def _path_of_rows(raw: Any, error: Exception) -> Path | None:
    """The path of the outermost list with an element that cannot be read; None if no list has one."""
    if isinstance(error, ValidationError):
        details = error.errors(include_input=False, include_url=False, include_context=False)
        paths = [_existing_path(raw, detail["loc"]) for detail in details]
        lists = (path[:end] for path in paths for end, part in enumerate(path) if isinstance(part, int))
        return min(lists, key=len, default=None)
    if isinstance(raw, list):
        return ()
    names = [name for name, value in raw.items() if isinstance(value, list)] if isinstance(raw, dict) else []
    return (names[0],) if names else None


def _existing_path(document: Any, location: tuple[str | int, ...]) -> Path:
    """The part of an error's location that leads to a value: pydantic adds the names of types and missing keys."""
    end = 0
    for part in location:
        is_there = part in document if isinstance(document, dict) else isinstance(document, list)
        if not is_there or isinstance(document, list) is not isinstance(part, int):
            break
        document, end = document[part], end + 1
    return location[:end]


def _alternatives(document: Any, path: Path) -> Iterator[Any]:
    """The document with null instead of the value of an object's property, and without the property."""
    if _at(document, path) is not None:
        yield _replaced(document, path, None)
    yield _without(document, path)


def _at(document: Any, path: Path) -> Any:
    for part in path:
        document = document[part]
    return document


def _replaced(document: Any, path: Path, value: Any) -> Any:
    """A copy of a document with another value at a path; it shares all other values."""
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = _replaced(document[path[0]], path[1:], value)
    return copy


def _without(document: Any, path: Path) -> Any:
    """A copy of a document without the property or element at a path."""
    parent = _at(document, path[:-1]).copy()
    del parent[path[-1]]
    return _replaced(document, path[:-1], parent)


def _error_of(exc: Exception) -> AdapterError:
    """The error of a row that cannot be read."""
    if isinstance(exc, ArithmeticError):
        return PayloadError(f"a value out of range ({type(exc).__name__})", code="SOURCE_SCHEMA")
    return translate(exc)
