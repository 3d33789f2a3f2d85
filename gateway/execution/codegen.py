"""
Rows of a scope, built by code that is generated for its plan: the only file that writes code.

One function a scope, one loop, everything nested inlined. Every leaf is checked: by its exact class where that
decides, else by the schema's own coercion. Whatever is odd (a null where none may be, an exception as a value, a
list that is none) raises, and the scope goes the careful way. Only response keys as literals and attribute names
of the schema's own classes enter the source; all else is bound by made-up names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any

import msgspec
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    Undefined,
)

from student_graph.gateway.execution.plan import Build, Builder, FieldPlan, Kind, ObjectPlan
from student_graph.resolvers.fields.record import InstanceOf

EXACT = {"String": "str", "Int": "int", "Float": "float", "Boolean": "bool", "ID": "str"}
"""Scalars of the specification, and the class whose values need no coercion."""
MOST_REMEMBERED = 4096
"""Dates whose text is kept by one place of one plan."""


class OddValueError(Exception):
    """A value that generated code does not complete."""


def builder(plan: ObjectPlan, build: Build) -> Builder:
    """The generated function for a plan."""
    found = plan.builders.get(build)
    if found is None:
        writer = _Writer(build)
        source = writer.function(plan)
        exec(compile(source, f"<plan of {plan.type.name}>", "exec"), writer.names)  # noqa: S102 - our own text
        found = plan.builders[build] = writer.names["build"]
    return found


class _Writer:
    """Writes one function."""

    def __init__(self, build: Build) -> None:
        self.names: dict[str, Any] = {
            "Odd": OddValueError,
            "UNSET": object(),
            "date": date,
            "datetime": datetime,
            "UTC": UTC,
        }
        self._build = build
        self._lines: list[str] = []
        self._first: list[str] = []
        """Lines before the loop."""
        self._count = 0
        self._derived: dict[Any, int] = {}
        """Places of derived fields' functions in what is bound."""

    def function(self, plan: ObjectPlan) -> str:
        columns = [f"c{place}" for place in range(len(plan.columns))]
        cells = [f"w{place}" for place in range(len(columns))]
        self._derived = {make: place for place, make in enumerate(plan.derived)}
        given = dict(zip(map(id, plan.columns), zip(cells, self._build.completed, strict=True), strict=True))
        row = self._object(2, plan, "o", given)
        each = f"o, {', '.join(cells)}" if cells else "o"
        over = f"zip(objs, {', '.join(columns)})" if cells else "objs"
        head = f"def build({', '.join(['objs', 'bound', *columns])}):"
        loop = [f"    for {each} in {over}:", *self._lines, f"        add({row})", "    return out"]
        return "\n".join([head, *self._first, "    out = []", "    add = out.append", *loop])

    def _object(self, depth: int, plan: ObjectPlan, obj: str, given: dict[int, tuple[str, bool]]) -> str:
        """The expression of an object's row; what it needs is written before."""
        values = {}
        for each in plan.fields:
            if id(each) in given:
                cell, done = given[id(each)]
                values[each.key] = cell if done else self._complete(depth, each, each.type, cell)
        for prefix, those in _by_prefix(plan, given).items():
            values |= self._shared(depth, those, obj, prefix) if prefix else self._own(depth, those, obj)
        parts = [(each.key, values[each.key]) for each in plan.fields]
        if self._build.structs:
            return f"{self._bind(_row_type([key for key, _ in parts]))}({', '.join(value for _, value in parts)})"
        return "{" + ", ".join(f"{key!r}: {value}" for key, value in parts) + "}"

    def _own(self, depth: int, those: Sequence[FieldPlan], obj: str) -> dict[str, str]:
        """Fields that are read off the object itself."""
        return {each.key: self._read(depth, each, obj) for each in those}

    def _shared(self, depth: int, those: Sequence[FieldPlan], obj: str, prefix: str) -> dict[str, str]:
        """Fields of something that many objects share, such as when they were fetched: read once for each."""
        owner, last = self._new("p"), self._new("l")
        self._first.append(f"    {last} = UNSET")
        self._write(depth, f"{owner} = {obj}.{prefix}")
        self._write(depth, f"if {owner} is not {last}:")
        values = {}
        for each in those:
            value = self._new("v")
            self._write(depth + 1, f"{value} = {owner}.{each.attribute.removeprefix(prefix + '.')}")
            values[each.key] = self._complete(depth + 1, each, each.type, value)
        self._write(depth + 1, f"{last} = {owner}")
        return values

    def _read(self, depth: int, each: FieldPlan, obj: str) -> str:
        """A field that is read off its parent."""
        if each.kind is Kind.TYPENAME:
            return repr(each.parent.name)
        if each.kind is Kind.DERIVED:
            return self._derive(depth, each, obj)
        if not each.attribute:
            return self._complete(depth, each, each.type, obj)
        value = self._new("v")
        self._write(depth, f"{value} = {obj}.{each.attribute}")
        return self._complete(depth, each, each.type, value)

    def _derive(self, depth: int, each: FieldPlan, obj: str) -> str:
        """A field that a function derives; one that is the same for all is completed before the loop."""
        place, value = self._derived[each.derive], self._new("v")
        if each.derive in self._build.constant:
            inside, self._lines = self._lines, []
            self._write(1, f"{value} = bound[{place}].value")
            value = self._complete(1, each, each.type, value)
            self._first += self._lines
            self._lines = inside
            return value
        self._first.append(f"    {value}f = bound[{place}]")
        self._write(depth, f"{value} = {value}f({obj})")
        return self._complete(depth, each, each.type, value)

    def _complete(self, depth: int, each: FieldPlan, type_: Any, value: str) -> str:
        """The expression of a completed value."""
        nullable = not isinstance(type_, GraphQLNonNull)
        bare = type_ if nullable else type_.of_type
        if isinstance(bare, GraphQLList):
            return self._list(depth, each, bare, value, nullable=nullable)
        if isinstance(bare, GraphQLObjectType):
            return self._nested(depth, each, bare, value, nullable=nullable)
        return self._leaf(depth, bare, value, nullable=nullable)

    def _list(self, depth: int, each: FieldPlan, type_: GraphQLList[Any], value: str, *, nullable: bool) -> str:
        rows, item = self._new("r"), self._new("e")
        if nullable:
            self._write(depth, f"if {value} is None: {rows} = None")
            self._write(depth, "else:")
            depth += 1
        self._write(depth, f"if {value}.__class__ is not list and {value}.__class__ is not tuple: raise Odd")
        self._write(depth, f"{rows} = []")
        self._write(depth, f"for {item} in {value}:")
        completed = self._complete(depth + 1, each, type_.of_type, item)
        self._write(depth + 1, f"{rows}.append({completed})")
        return rows

    def _nested(self, depth: int, each: FieldPlan, type_: GraphQLObjectType, value: str, *, nullable: bool) -> str:
        child = each.children[type_.name]
        if not each.attribute and each.kind is Kind.ATTRIBUTE and _within(each.parent, type_):
            return self._object(depth, child, value, {})  # the parent itself, which is of the type already
        row, seen = self._new("r"), self._new("s")
        self._first.append(f"    {seen} = None")
        self._write(depth, f"if {value} is None: " + (f"{row} = None" if nullable else "raise Odd"))
        self._write(depth, "else:")
        check = self._bind(_checker(type_))
        self._write(depth + 1, f"if {value}.__class__ is not {seen}: {seen} = {check}({value})")
        self._write(depth + 1, f"{row} = {self._object(depth + 1, child, value, {})}")
        return row

    def _leaf(self, depth: int, type_: Any, value: str, *, nullable: bool) -> str:
        coerce = self._bind(_coercer(type_))
        exact = EXACT.get(type_.name) if isinstance(type_, GraphQLScalarType) else None
        if exact is not None:
            missing = f"{value} is not None and " if nullable else ""
            odd = {
                "int": f"({value}.__class__ is not int or not -2147483648 <= {value} <= 2147483647)",
                "float": f"({value}.__class__ is not float or {value} - {value} != 0.0)",
            }.get(exact, f"{value}.__class__ is not {exact}")
            self._write(depth, f"if {missing}{odd}: {value} = {coerce}({value})")
            return value
        last, text, known = self._new("l"), self._new("t"), self._bind(_Known(_coercer(type_)))
        self._first.append(f"    {last} = {text} = UNSET")
        branch = "if"
        if nullable:
            self._write(depth, f"if {value} is None: {text} = {last} = None")
            branch = "elif"
        self._write(depth, f"{branch} {value} is not {last}:")
        if isinstance(type_, GraphQLEnumType):
            self._write(depth + 1, f"{text} = {known}.get(id({value})) or {known}.member({value})")
        else:
            self._write(depth + 1, f"if {value}.__class__ is date: {text} = {known}[{value}]")
            zoned = f"{value}.__class__ is datetime and {value}.tzinfo is UTC"
            self._write(depth + 1, f"elif {zoned}: {text} = {known}[{value}]")
            self._write(depth + 1, f"else: {text} = {coerce}({value})")
        self._write(depth + 1, f"{last} = {value}")
        return text

    def _new(self, letter: str) -> str:
        self._count += 1
        return f"{letter}_{self._count}"

    def _bind(self, value: Any) -> str:
        name = self._new("k")
        self.names[name] = value
        return name

    def _write(self, depth: int, text: str) -> None:
        self._lines.append("    " * depth + text)


def _checker(type_: GraphQLObjectType) -> Callable[[Any], type]:
    """Looks at an object once for each run of objects of one class: whether it is of the type."""
    belongs = type_.is_type_of

    def check(value: Any) -> type:
        if isinstance(value, Exception) or (belongs is not None and not belongs(value, None)):  # type: ignore[arg-type]
            raise OddValueError
        return type(value)

    return check


def _coercer(type_: Any) -> Callable[[Any], Any]:
    """The schema's own coercion."""
    coerce = type_.coerce_output_value

    def coerced(value: Any) -> Any:
        if value is None or isinstance(value, Exception):
            raise OddValueError
        done = coerce(value)
        if done is None or done is Undefined:
            raise OddValueError
        return done

    return coerced


class _Known(dict[Any, Any]):
    """
    Texts of values coerced before: of dates and of instants in UTC by value, of enum members by identity.

    Other values that compare equal need not read alike: two instants may be one in different zones.
    """

    def __init__(self, coerce: Callable[[Any], Any]) -> None:
        super().__init__()
        self._coerce = coerce

    def __missing__(self, value: Any) -> Any:
        return self._keep(value, self._coerce(value))

    def member(self, value: Any) -> Any:
        """The text of an enum member; members outlive their readers: their identity is theirs alone."""
        done = self._coerce(value)
        return self._keep(id(value), done) if isinstance(value, Enum) else done

    def _keep(self, key: Any, done: Any) -> Any:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[key] = done
        return done


def _by_prefix(plan: ObjectPlan, given: Mapping[int, Any]) -> dict[str, list[FieldPlan]]:
    """Fields that are read off the parent, by the attribute through which they go; empty for the parent's own."""
    found: dict[str, list[FieldPlan]] = {}
    for each in plan.fields:
        if id(each) not in given:
            found.setdefault(each.attribute.rpartition(".")[0], []).append(each)
    return found


def _within(parent: GraphQLObjectType, type_: GraphQLObjectType) -> bool:
    """Whether every object of `parent` is one of `type_`."""
    one, other = parent.is_type_of, type_.is_type_of
    return isinstance(one, InstanceOf) and isinstance(other, InstanceOf) and issubclass(one.origin, other.origin)


@lru_cache(maxsize=4096)
def _row_of(keys: tuple[str, ...]) -> type:
    names = [f"f{place}" for place in range(len(keys))]
    return msgspec.defstruct("Row", names, gc=False, rename=dict(zip(names, keys, strict=True)))


def _row_type(keys: Sequence[str]) -> type:
    """A row with those keys: cheaper to make, hold and encode than a dict, and no work for the collector."""
    return _row_of(tuple(keys))
