"""
Compiles the mapping of a record: for each attribute a function of the row and of what was requested.

The attributes and types of a record are those of `adapters.model`. A row that lacks a required value, or whose
required or deciding value cannot be read, is no record: `UnreadableValueError`. Another value that cannot be read
is null, as in adapters in code.
"""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from student_graph.adapters.identity import vendor_key
from student_graph.adapters.model import Descriptor, Record, Subject
from student_graph.adapters.model.code_mapping import raw_attribute
from student_graph.adapters.rest.mapping.paths import Getter, PathError, UnreadableValueError, compile_path
from student_graph.adapters.rest.mapping.values import (
    OPTIONS,
    MappingError,
    ValueDefaults,
    converter,
    name_text,
    type_name,
)

Path: TypeAlias = tuple[str | int, ...]
Placeholders: TypeAlias = Mapping[str, Any]
"""Values of placeholders such as `key` and `school_year`, by name."""
Reader: TypeAlias = Callable[[Any, Placeholders], Any]
"""Returns the value of an attribute, from a row and what was requested; None if there is none."""

DECIDING = frozenset({"end_date", "exit_date", "exit_withdraw_date", "restricted"})
"""Optional attributes whose absence says something: a row with an unreadable one is left out."""
_PLACEHOLDER = re.compile(r"\{([a-z_.0-9]+)\}")
JOINED_BY = ":"
"""Character between the parts of a text that is joined from several paths."""
MAX_NESTED_ROWS = 500
"""Maximum number of elements of one list in a row, such as a student's addresses."""


@dataclass(frozen=True, slots=True)
class DeclaredPath:
    """A path of a mapping, to be compared with a sample answer."""

    location: Path
    text: str
    read: Getter


@dataclass(slots=True)
class RecordMapping:
    """The compiled mapping of one type of record."""

    record_type: type[Record]
    readers: tuple[tuple[str, Reader], ...] = ()
    paths: list[DeclaredPath] = field(default_factory=list)
    placeholders: set[str] = field(default_factory=set)
    """Names of the placeholders that it uses."""

    def build(self, row: Any, placeholders: Placeholders) -> Record:
        """
        Return the record of a row.

        Raises:
            UnreadableValueError: a required or deciding value is missing or cannot be read.
        """
        return self.record_type(**{name: read(row, placeholders) for name, read in self.readers})

    def row_id(self, row: Any) -> Any:
        """The vendor's id of a row, to notice a row that is sent twice; the row itself if it has none."""
        try:
            return self.readers[0][1](row, _ANY_PLACEHOLDER)
        except UnreadableValueError:
            return repr(row)


class _AnyPlaceholder(dict[str, Any]):
    """Has an empty text for every placeholder."""

    def __missing__(self, key: str) -> str:
        return ""


_ANY_PLACEHOLDER = _AnyPlaceholder()


def compile_record(
    record_type: type[Record],
    mapping: Mapping[str, Any],
    defaults: ValueDefaults,
    path: Path,
    *,
    linked: bool = False,
) -> RecordMapping:
    """
    Compile the mapping of a record; `linked` says that the vendor has ids of its own for students.

    Raises:
        MappingError: an attribute does not exist, is missing, or its path or options are wrong.
    """
    compiled = RecordMapping(record_type)
    compiler = _Compiler(defaults, compiled.paths, compiled.placeholders)
    mapping = dict(mapping)
    subject = mapping.pop("subject", None)
    readers: dict[str, Reader] = {}
    if "vendor_id" in mapping:  # the first one: `row_id` uses it
        readers["vendor_id"] = compiler.attribute(str, mapping["vendor_id"], (*path, "vendor_id"), "vendor_id")
    if linked and record_type.about == "student_id":
        if subject is None:
            raise MappingError(
                path, f"{record_type.__name__} needs `subject`, because the vendor has ids of its own"
            )
        readers["subject"] = compiler.subject(subject, (*path, "subject"))
        if "student_id" not in mapping:
            first = readers["subject"]
            readers["student_id"] = lambda row, placeholders: vendor_key(*first(row, placeholders).ids[0])
    elif subject is not None:
        raise MappingError((*path, "subject"), "a subject needs rules in [identity]")
    readers |= compiler.attributes(record_type, mapping, path, skip=frozenset({"subject", "fetched", *readers}))
    compiled.readers = tuple(readers.items())
    return compiled


@dataclass(slots=True)
class _Compiler:
    """Compiles the mapping of one record, and remembers its paths and placeholders."""

    defaults: ValueDefaults
    paths: list[DeclaredPath]
    placeholders: set[str]

    def attributes(
        self, cls: Any, mapping: Mapping[str, Any], path: Path, *, skip: frozenset[str] = frozenset()
    ) -> dict[str, Reader]:
        """A reader for each attribute of a record or value that the mapping names."""
        hints, known = get_type_hints(cls), {item.name: item for item in fields(cls)}
        readers: dict[str, Reader] = {}
        mapping = dict(mapping)
        for name, spec in list(mapping.items()):
            if name in skip and name in known:
                continue
            if name not in known or name == "fetched":
                raise MappingError((*path, name), _no_attribute(cls, name, known))
            raw = raw_attribute(cls, name) if issubclass(cls, Record) else None
            if raw is not None and raw not in mapping and not (isinstance(spec, dict) and "value" in spec):
                # The vendor's code beside its meaning is the text at the same path.
                mapping[raw] = spec.get("path") if isinstance(spec, dict) else spec
        for name, spec in mapping.items():
            if name not in skip:
                readers[name] = self.attribute(hints[name], spec, (*path, name), name)
        for name, item in known.items():
            if (
                name in readers
                or name in skip
                or item.default is not MISSING
                or item.default_factory is not MISSING
            ):
                continue
            if get_origin(hints[name]) is list:
                readers[name] = lambda *_: []
            else:
                raise MappingError(path, f"{cls.__name__} needs {name}, a {type_name(_plain(hints[name])[0])}")
        return readers

    def attribute(self, hint: Any, spec: Any, path: Path, name: str) -> Reader:
        """The reader of one attribute, which raises an error if a required value is not there."""
        plain, is_optional = _plain(hint)
        read = self._value(plain, spec, path)
        if is_optional and name not in DECIDING:
            return _lenient(read)
        if is_optional:
            return read
        return _required(read, name)

    def _value(self, hint: Any, spec: Any, path: Path) -> Reader:
        """The reader of a value, a list or a part of a record."""
        if get_origin(hint) in (list, tuple):
            read = self._list(get_args(hint)[0], spec, path)
            if get_origin(hint) is list:
                return read
            return lambda row, placeholders: tuple(read(row, placeholders))
        if is_dataclass(hint):
            return self._part(hint, spec, path)
        return self._scalar(hint, spec, path)

    def _scalar(self, hint: Any, spec: Any, path: Path) -> Reader:
        if isinstance(spec, list) and hint is str:
            return self._joined(spec, path)
        options = spec if isinstance(spec, dict) else {"path": spec} if isinstance(spec, str) else {"value": spec}
        for name in options:
            if name not in OPTIONS:
                known = ", ".join(OPTIONS)
                raise MappingError((*path, name), f"there is no option {name}; the options are {known}")
        convert = converter(hint, options, self.defaults, path)
        if hint is str and str(path[-1]).endswith("_name"):
            convert = name_text
        if ("path" in options) is ("value" in options):
            raise MappingError(path, "give either a path or a constant `value`")
        if "value" in options:
            return self._constant(hint, options["value"], convert, path)
        if not isinstance(options["path"], str):
            raise MappingError(path, "a path is a text in quotes")
        if (placeholder := _PLACEHOLDER.fullmatch(options["path"])) is not None:
            name = placeholder[1]
            self.placeholders.add(name)
            return lambda _, placeholders: convert(placeholders[name])
        get = self.path(options["path"], path)

        def read(row: Any, _: Placeholders) -> Any:
            raw = get(row)
            return None if raw is None else convert(raw)

        return read

    def _constant(self, hint: Any, value: Any, convert: Callable[[Any], Any], path: Path) -> Reader:
        is_enum = isinstance(hint, type) and issubclass(hint, Enum)
        try:
            if is_enum and value not in hint.__members__:
                raise MappingError((*path, "value"), f"{value} is none of {', '.join(hint.__members__)}")
            constant = hint[value] if is_enum else convert(value)
        except (UnreadableValueError, TypeError):
            constant = None
        if constant is None:
            raise MappingError(path, f"the constant is not a {type_name(hint)}")
        return lambda *_: constant

    def _joined(self, spec: Sequence[Any], path: Path) -> Reader:
        """A text joined from several paths, such as the id of a section from a school and a number."""
        readers = [self._scalar(str, part, (*path, position)) for position, part in enumerate(spec)]
        if not readers:
            raise MappingError(path, "a list of paths has at least one")

        def read(row: Any, placeholders: Placeholders) -> str | None:
            parts = [reader(row, placeholders) for reader in readers]
            if None in parts:
                return None
            if any(JOINED_BY in part for part in parts):
                raise UnreadableValueError(f"a part of an id with {JOINED_BY!r}")
            return JOINED_BY.join(parts)

        return read

    def _part(self, cls: Any, spec: Any, path: Path) -> Reader:
        if cls is Descriptor and isinstance(spec, str | list):
            spec = {"code_value": spec}
        if not isinstance(spec, dict):
            raise MappingError(
                path, f"{cls.__name__} is a table of {', '.join(item.name for item in fields(cls))}"
            )
        readers = tuple(self.attributes(cls, spec, path).items())

        def read(row: Any, placeholders: Placeholders) -> Any:
            try:
                return cls(**{name: reader(row, placeholders) for name, reader in readers})
            except _NothingThereError:
                return None

        return read

    def _list(self, hint: Any, spec: Any, path: Path) -> Reader:
        if isinstance(spec, list):
            parts = [self._value(hint, part, (*path, position)) for position, part in enumerate(spec)]
            return lambda row, placeholders: [
                value for part in parts if (value := part(row, placeholders)) is not None
            ]
        if is_dataclass(hint) and isinstance(spec, dict) and "rows" in spec:
            mapping = {name: part for name, part in spec.items() if name != "rows"}
            get, nested = self.path(spec["rows"], (*path, "rows")), _Compiler(self.defaults, [], self.placeholders)
            return _elements(get, nested._part(hint, mapping, path))
        if isinstance(spec, dict) and "path" not in spec:
            raise MappingError(path, "a list has a path, or `rows` and what is mapped of each of them")
        source = spec["path"] if isinstance(spec, dict) else spec
        if not isinstance(source, str):
            raise MappingError(path, "a list has a path in quotes")
        options = {**spec, "path": "@"} if isinstance(spec, dict) else "@"
        get, nested = self.path(source, path), _Compiler(self.defaults, [], self.placeholders)
        return _elements(get, nested._value(hint, options, path))

    def subject(self, spec: Any, path: Path) -> Reader:
        """The reader of the person that a row is about."""
        ids = spec.get("ids") if isinstance(spec, dict) else None
        if not isinstance(ids, dict) or not ids:
            raise MappingError(path, "`subject.ids` is a table: a path for each field of the rules in [identity]")
        readers = [(name, self._scalar(str, part, (*path, "ids", name))) for name, part in ids.items()]
        rest = {name: part for name, part in spec.items() if name != "ids"}
        others = tuple(self.attributes(Subject, rest, path, skip=frozenset({"ids"})).items())

        def read(row: Any, placeholders: Placeholders) -> Subject:
            pairs = tuple((name, value) for name, reader in readers if (value := reader(row, placeholders)))
            if not pairs:
                raise UnreadableValueError("a row without an id of its student")
            return Subject(ids=pairs, **{name: reader(row, placeholders) for name, reader in others})

        return read

    def path(self, expression: Any, location: Path) -> Getter:
        """The compiled path."""
        if not isinstance(expression, str):
            raise MappingError(location, "a path is a text in quotes")
        try:
            get = compile_path(expression)
        except PathError as exc:
            raise MappingError(location, str(exc)) from None
        self.paths.append(DeclaredPath(location, expression, get))
        return get


class _NothingThereError(UnreadableValueError):
    """A required value is not there, and not because it cannot be read."""


def _plain(hint: Any) -> tuple[Any, bool]:
    """A type without `None` and without the names of ids, and whether it may be None."""
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    plain = next(option for option in options if option is not type(None))
    while hasattr(plain, "__supertype__"):
        plain = plain.__supertype__
    return plain, len(options) > 1


def _lenient(read: Reader) -> Reader:
    def value_or_none(row: Any, placeholders: Placeholders) -> Any:
        try:
            value = read(row, placeholders)
        except UnreadableValueError:
            return None
        return None if value == "" else value

    return value_or_none


def _required(read: Reader, name: str) -> Reader:
    def value(row: Any, placeholders: Placeholders) -> Any:
        result = read(row, placeholders)
        if result is None:
            raise _NothingThereError(f"no {name}")
        return result

    return value


def _elements(get: Getter, read: Reader) -> Reader:
    """The values of the elements of a list; a single value is a list of one, and null an empty one."""

    def values(row: Any, placeholders: Placeholders) -> list[Any]:
        raw = get(row)
        if raw is None:
            return []
        elements = raw if type(raw) is list else [raw]
        if len(elements) > MAX_NESTED_ROWS:
            raise UnreadableValueError("a list that is too long")
        return [value for element in elements if (value := read(element, placeholders)) is not None]

    return values


def _no_attribute(cls: Any, name: str, known: Mapping[str, Any]) -> str:
    names = [known_name for known_name in known if known_name != "fetched"]
    similar = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {similar[0]}?" if similar else f"it has {', '.join(names)}"
    return f"{cls.__name__} has no {name}; {hint}"


__all__ = ["DECIDING", "DeclaredPath", "Placeholders", "RecordMapping", "compile_record"]
