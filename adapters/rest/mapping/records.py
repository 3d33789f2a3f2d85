"""
Compiles the mapping of a record: for each attribute a function of the row and of what was requested.

The attributes and types of a record are those of `adapters.model`. A row that lacks a required value, or whose
required or deciding value cannot be read, is no record: `UnreadableValueError`. Another value that cannot be read
is null, as in adapters in code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

from student_graph.adapters.identity import vendor_key
from student_graph.adapters.model import Descriptor, Record, Subject
from student_graph.adapters.model.code_mapping import raw_attribute
from student_graph.adapters.rest.mapping.numbers import MappingError
from student_graph.adapters.rest.mapping.paths import (
    Getter,
    PathError,
    UnreadableValueError,
    compile_path,
    plain_names,
)
from student_graph.adapters.rest.mapping.readers import (
    ID_TABLE,
    NothingThereError,
    Placeholders,
    Reader,
    ValueSource,
    constructor,
    elements,
    key_of,
    lenient,
    looked_up,
    members_between,
    required,
)
from student_graph.adapters.rest.mapping.record_mapping import DeclaredPath, RecordMapping, no_attribute
from student_graph.adapters.rest.mapping.values import (
    ValueDefaults,
    converter,
    is_enum,
    name_text,
    options_of,
    plain_type,
    type_name,
)

Path: TypeAlias = tuple[str | int, ...]

DECIDING = frozenset({"end_date", "exit_date", "exit_withdraw_date", "restricted"})
"""Optional attributes whose absence says something: a row with an unreadable one is left out."""
_PLACEHOLDER = re.compile(r"\{([a-z_.0-9]+)\}")
JOINED_BY = ":"
"""Character between the parts of a text that is joined from several paths."""


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
    compiled.build, compiled.vendor_id = constructor(record_type, readers), readers["vendor_id"]
    return compiled


@dataclass(slots=True)
class _Compiler:
    """Compiles the mapping of one record, and remembers its paths and placeholders."""

    defaults: ValueDefaults
    paths: list[DeclaredPath]
    placeholders: set[str]
    sources: dict[Reader, ValueSource] = field(default_factory=dict)
    """The source of each reader of a single value."""

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
                raise MappingError((*path, name), no_attribute(cls, name, known))
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
                raise MappingError(path, f"{cls.__name__} needs {name}, a {type_name(plain_type(hints[name])[0])}")
        return readers

    def attribute(self, hint: Any, spec: Any, path: Path, name: str) -> Reader:
        """The reader of one attribute, which raises an error if a required value is not there."""
        plain, is_optional = plain_type(hint)
        read = self._value(plain, spec, path)
        source = self.sources.get(read)
        if is_optional:
            decides = name in DECIDING
            return read if decides else lenient(read) if source is None else source.optional()
        return required(read, name) if source is None else source.required(name)

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
        options = options_of(spec, path)
        convert = converter(hint, options, self.defaults, path)
        if hint is str and str(path[-1]).endswith("_name"):
            convert = name_text
        if ("path" in options) is ("value" in options):
            raise MappingError(path, "give either a path or a constant `value`")
        if "value" in options:
            return self._constant(hint, options["value"], convert, path)
        if not isinstance(options["path"], str):
            raise MappingError(path, "a path is a text in quotes")
        if (read := self._by_placeholder(options, convert, path, codes=is_enum(hint))) is not None:
            return read
        source = ValueSource(self.path(options["path"], path), convert, plain_names(options["path"]))
        read = source.reader()
        self.sources[read] = source
        return read

    def _by_placeholder(
        self, options: Mapping[str, Any], convert: Callable[[Any], Any], path: Path, *, codes: bool
    ) -> Reader | None:
        """The reader of a value that is a placeholder, or that a table among the placeholders leads to."""
        placeholder = _PLACEHOLDER.fullmatch(options["path"])
        if placeholder is not None:
            self.placeholders.add(requested := placeholder[1])
        if "table" in options:
            self.placeholders.add(name := str(options["table"]))
            get = None if placeholder else self.path(options["path"], path)
            return looked_up(
                lambda row, values: get(row) if get else values[requested], name, convert, codes=codes
            )
        if placeholder is not None:
            return lambda _, values: convert(values[requested])
        if "key_of" in options:
            self.placeholders.add(name := f"{ID_TABLE}{options['key_of']}")
            return key_of(self.path(options["path"], path), name, convert)
        return None

    def _constant(self, hint: Any, value: Any, convert: Callable[[Any], Any], path: Path) -> Reader:
        try:
            if is_enum(hint) and value not in hint.__members__:
                raise MappingError((*path, "value"), f"{value} is none of {', '.join(hint.__members__)}")
            constant = hint[value] if is_enum(hint) else convert(value)
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
        construct = constructor(cls, self.attributes(cls, spec, path))

        def read(row: Any, placeholders: Placeholders) -> Any:
            try:
                return construct(row, placeholders)
            except NothingThereError:
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
            return elements(get, nested._part(hint, mapping, path))
        if isinstance(spec, dict) and spec.keys() & {"first", "last"} and issubclass(hint, Enum):
            rest = {name: part for name, part in spec.items() if name not in ("first", "last")}
            ends = [self._value(hint, rest | {"path": spec.get(name)}, path) for name in ("first", "last")]
            return members_between(tuple(hint), *ends)
        if isinstance(spec, dict) and "path" not in spec:
            raise MappingError(path, "a list has a path, or `rows` and what is mapped of each of them")
        source = spec["path"] if isinstance(spec, dict) else spec
        if not isinstance(source, str):
            raise MappingError(path, "a list has a path in quotes")
        options = {**spec, "path": "@"} if isinstance(spec, dict) else "@"
        get, nested = self.path(source, path), _Compiler(self.defaults, [], self.placeholders)
        return elements(get, nested._value(hint, options, path))

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
