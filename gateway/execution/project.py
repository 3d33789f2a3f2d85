"""
Rows of a scope, built by code that is generated for its plan: the only file that writes code.

One function a scope, one loop, everything nested inlined. Every leaf is checked: by its exact class where that
decides, else by the schema's own coercion. Whatever is odd (a null where none may be, an exception as a value, a
list that is none) raises, and the scope goes the careful way. Only response keys as literals and attribute names
of the schema's own classes enter the source; all else is bound by made-up names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from enum import Enum
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    Undefined,
)

from gateway.execution.plan import Builder, FieldPlan, Kind, ObjectPlan

EXACT = {"String": "str", "Int": "int", "Float": "float", "Boolean": "bool", "ID": "str"}
"""Scalars of the specification, and the class whose values need no coercion."""
MOST_REMEMBERED = 4096
"""Dates whose text is kept by one place of one plan."""


class OddValueError(Exception):
    """A value that generated code does not complete."""


def builder(plan: ObjectPlan, completed: tuple[bool, ...]) -> tuple[Builder, Sequence[Callable[[Any], Any]]]:
    """
    The generated function for a plan, and what its derived fields are made by.

    `completed` tells which of its columns are as the response holds them already.
    """
    found = plan.builders.get(completed)
    if found is None:
        writer = _Writer()
        source = writer.function(plan, completed)
        exec(compile(source, f"<plan of {plan.type.name}>", "exec"), writer.names)  # noqa: S102 - our own text
        found = plan.builders[completed] = (writer.names["build"], tuple(writer.derived))
    return found


class _Writer:
    """Writes one function."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"Odd": OddValueError, "UNSET": object()}
        self.derived: list[Callable[[Any], Any]] = []
        self._lines: list[str] = []
        self._first: list[str] = []
        """Lines before the loop."""
        self._count = 0

    def function(self, plan: ObjectPlan, completed: tuple[bool, ...]) -> str:
        columns = [f"c{place}" for place in range(len(plan.columns))]
        cells = [f"w{place}" for place in range(len(columns))]
        row = self._object(
            2, plan, "o", dict(zip(map(id, plan.columns), zip(cells, completed, strict=True), strict=True))
        )
        each = f"o, {', '.join(cells)}" if cells else "o"
        over = f"zip(objs, {', '.join(columns)})" if cells else "objs"
        head = [
            f"def build({', '.join(['objs', 'bound', *columns])}):",
            *self._first,
            "    out = []",
            "    add = out.append",
        ]
        return "\n".join(
            [*head, f"    for {each} in {over}:", *self._lines, f"        add({row})", "    return out"]
        )

    def _object(
        self, depth: int, plan: ObjectPlan, obj: str, given: dict[int, tuple[str, bool]] | None = None
    ) -> str:
        """The expression of an object's row; what it needs is written before."""
        parts = []
        for each in plan.fields:
            if given and id(each) in given:
                cell, done = given[id(each)]
                value = cell if done else self._complete(depth, each, each.type, cell)
            else:
                value = self._read(depth, each, obj)
            parts.append(f"{each.key!r}: {value}")
        return "{" + ", ".join(parts) + "}"

    def _read(self, depth: int, each: FieldPlan, obj: str) -> str:
        """A field that is read off its parent."""
        if each.kind is Kind.TYPENAME:
            return repr(each.parent.name)
        if each.kind is Kind.ATTRIBUTE and not each.attribute:
            return self._complete(depth, each, each.type, obj)
        value = self._new("v")
        if each.kind is Kind.DERIVED:
            assert each.derive is not None
            place = len(self.derived)
            self.derived.append(each.derive)
            self._first.append(f"    d{place} = bound[{place}]")
            self._write(depth, f"{value} = d{place}({obj})")
        else:
            self._write(depth, f"{value} = {obj}.{each.attribute}")
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
        row, seen = self._new("r"), self._new("s")
        self._first.append(f"    {seen} = None")
        self._write(depth, f"if {value} is None: " + (f"{row} = None" if nullable else "raise Odd"))
        self._write(depth, "else:")
        check = self._bind(_checker(type_))
        self._write(depth + 1, f"if {value}.__class__ is not {seen}: {seen} = {check}({value})")
        self._write(depth + 1, f"{row} = {self._object(depth + 1, each.children[type_.name], value)}")
        return row

    def _leaf(self, depth: int, type_: Any, value: str, *, nullable: bool) -> str:
        coerce = self._bind(_coercer(type_))
        missing = f"{value} is not None and " if nullable else ""
        exact = EXACT.get(type_.name) if isinstance(type_, GraphQLScalarType) else None
        if exact is not None:
            odd = {
                "int": f"({value}.__class__ is not int or not -2147483648 <= {value} <= 2147483647)",
                "float": f"({value}.__class__ is not float or {value} - {value} != 0.0)",
            }.get(exact, f"{value}.__class__ is not {exact}")
            self._write(depth, f"if {missing}{odd}: {value} = {coerce}({value})")
            return value
        last, text = self._new("l"), self._new("t")
        self._first.append(f"    {last} = {text} = UNSET")
        if nullable:
            self._write(depth, f"if {value} is None: {text} = {last} = None")
            self._write(depth, f"elif {value} is not {last}: {text} = {coerce}({value}); {last} = {value}")
        else:
            self._write(depth, f"if {value} is not {last}: {text} = {coerce}({value}); {last} = {value}")
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
    """The schema's own coercion, which remembers enum members and dates."""
    coerce = type_.coerce_output_value
    known: dict[Any, Any] = {}
    members = isinstance(type_, GraphQLEnumType)

    def coerced(value: Any) -> Any:
        if value is None or isinstance(value, Exception):
            raise OddValueError
        done = coerce(value)
        if done is None or done is Undefined:
            raise OddValueError
        return done

    def remembered(value: Any) -> Any:
        # Members live as long as their class: their identity is theirs alone. Of the values that compare equal
        # only plain dates are sure to read alike; two instants may be one in different zones.
        key = id(value) if members and isinstance(value, Enum) else value if value.__class__ is date else None
        if key is None:
            return coerced(value)
        done = known.get(key)
        if done is None:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            done = known[key] = coerced(value)
        return done

    return remembered
