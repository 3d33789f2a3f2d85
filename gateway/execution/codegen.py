"""
Row builders: code that is generated for a plan. This is the only module that writes code.

A plan gets one function with one loop, and nested objects are inlined. If the exact class of a leaf shows that it
is valid, only the class is checked; otherwise the schema's own coercion is called. A wrong value (a null where
none is allowed, an exception, something else than a list) raises an error, and the level takes the slow path. The
source contains only response keys as literals and attribute names of the schema's own classes; all other values
have generated names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from weakref import WeakValueDictionary

import msgspec
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
)

from student_graph.gateway.execution.plan import BuilderOptions, FieldKind, FieldPlan, ObjectPlan, RowBuilder
from student_graph.gateway.execution.runtime import WrongValueError, class_check, coercion, text_cache
from student_graph.resolvers.fields.record import InstanceCheck

EXACT_CLASSES = {"String": "str", "Int": "int", "Float": "float", "Boolean": "bool", "ID": "str"}
"""For each scalar of the specification, the class whose values need no coercion."""


def row_builder(plan: ObjectPlan, options: BuilderOptions) -> RowBuilder:
    """Return the generated function of a plan."""
    builder = plan.builders.get(options)
    if builder is None:
        writer = _Writer(options)
        source = writer.function(plan)
        exec(compile(source, f"<plan of {plan.type.name}>", "exec"), writer.names)  # noqa: S102 - our own text
        builder = plan.builders[options] = writer.names.pop("build")  # without a cycle, to be freed with its plan
    return builder


class _Writer:
    """Writes the source of one function."""

    def __init__(self, options: BuilderOptions) -> None:
        self.names: dict[str, Any] = {
            "WrongValue": WrongValueError,
            "UNSET": object(),
            "date": date,
            "datetime": datetime,
            "UTC": UTC,
        }
        """Globals of the function."""
        self._options = options
        self._lines: list[str] = []
        """Lines of the loop."""
        self._setup: list[str] = []
        """Lines before the loop."""
        self._name_count = 0
        self._function_indexes: dict[Any, int] = {}
        """Indexes of derived fields' functions in the argument `functions`, by factory."""

    def function(self, plan: ObjectPlan) -> str:
        columns = [f"c{index}" for index in range(len(plan.columns))]
        values = [f"w{index}" for index in range(len(columns))]
        self._function_indexes = {factory: index for index, factory in enumerate(plan.factories)}
        cells = dict(zip(map(id, plan.columns), zip(values, self._options.completed, strict=True), strict=True))
        row = self._object(2, plan, "o", cells)
        targets = f"o, {', '.join(values)}" if values else "o"
        iterable = f"zip(objs, {', '.join(columns)})" if values else "objs"
        head = f"def build({', '.join(['objs', 'functions', *columns])}):"
        loop = [f"    for {targets} in {iterable}:", *self._lines, f"        add({row})", "    return out"]
        return "\n".join([head, *self._setup, "    out = []", "    add = out.append", *loop])

    def _object(self, depth: int, plan: ObjectPlan, obj: str, cells: dict[int, tuple[str, bool]]) -> str:
        """Return the expression of an object's row, and write the lines that it needs before it."""
        values = {}
        for field in plan.fields:
            if id(field) in cells:
                value, completed = cells[id(field)]
                values[field.key] = value if completed else self._complete(depth, field, field.type, value)
        for prefix, fields in _by_prefix(plan, cells).items():
            values |= (
                self._shared_fields(depth, fields, obj, prefix) if prefix else self._own_fields(depth, fields, obj)
            )
        parts = [(field.key, values[field.key]) for field in plan.fields]
        if self._options.has_structs:
            return f"{self._bind(_row_type([key for key, _ in parts]))}({', '.join(value for _, value in parts)})"
        return "{" + ", ".join(f"{key!r}: {value}" for key, value in parts) + "}"

    def _own_fields(self, depth: int, fields: Sequence[FieldPlan], obj: str) -> dict[str, str]:
        """Write fields that are read from the object itself."""
        return {field.key: self._read(depth, field, obj) for field in fields}

    def _shared_fields(self, depth: int, fields: Sequence[FieldPlan], obj: str, prefix: str) -> dict[str, str]:
        """
        Write the fields of a value that many objects share, such as `fetched`. It is completed once per value.
        """
        owner, last = self._new_name("p"), self._new_name("l")
        self._setup.append(f"    {last} = UNSET")
        self._write(depth, f"{owner} = {obj}.{prefix}")
        self._write(depth, f"if {owner} is not {last}:")
        values = {}
        for field in fields:
            value = self._new_name("v")
            self._write(depth + 1, f"{value} = {owner}.{field.attribute.removeprefix(prefix + '.')}")
            values[field.key] = self._complete(depth + 1, field, field.type, value)
        self._write(depth + 1, f"{last} = {owner}")
        return values

    def _read(self, depth: int, field: FieldPlan, obj: str) -> str:
        """Write a field that is read from its parent."""
        if field.kind is FieldKind.TYPENAME:
            return repr(field.parent_type.name)
        if field.kind is FieldKind.DERIVED:
            return self._derive(depth, field, obj)
        if not field.attribute:
            return self._complete(depth, field, field.type, obj)
        value = self._new_name("v")
        self._write(depth, f"{value} = {obj}.{field.attribute}")
        return self._complete(depth, field, field.type, value)

    def _derive(self, depth: int, field: FieldPlan, obj: str) -> str:
        """Write a derived field; a constant is completed before the loop."""
        index, value = self._function_indexes[field.factory], self._new_name("v")
        if field.factory in self._options.constant:
            loop, self._lines = self._lines, []
            self._write(1, f"{value} = functions[{index}].value")
            value = self._complete(1, field, field.type, value)
            self._setup += self._lines
            self._lines = loop
            return value
        self._setup.append(f"    {value}f = functions[{index}]")
        self._write(depth, f"{value} = {value}f({obj})")
        return self._complete(depth, field, field.type, value)

    def _complete(self, depth: int, field: FieldPlan, type_: Any, value: str) -> str:
        """Return the expression of a completed value."""
        nullable = not isinstance(type_, GraphQLNonNull)
        nullable_type = type_ if nullable else type_.of_type
        if isinstance(nullable_type, GraphQLList):
            return self._list(depth, field, nullable_type, value, nullable=nullable)
        if isinstance(nullable_type, GraphQLObjectType):
            return self._nested_object(depth, field, nullable_type, value, nullable=nullable)
        return self._leaf(depth, nullable_type, value, nullable=nullable)

    def _list(self, depth: int, field: FieldPlan, type_: GraphQLList[Any], value: str, *, nullable: bool) -> str:
        rows, item = self._new_name("r"), self._new_name("e")
        if nullable:
            self._write(depth, f"if {value} is None: {rows} = None")
            self._write(depth, "else:")
            depth += 1
        is_no_list = f"{value}.__class__ is not list and {value}.__class__ is not tuple"
        self._write(depth, f"if {is_no_list}: raise WrongValue")
        self._write(depth, f"{rows} = []")
        self._write(depth, f"for {item} in {value}:")
        completed = self._complete(depth + 1, field, type_.of_type, item)
        self._write(depth + 1, f"{rows}.append({completed})")
        return rows

    def _nested_object(
        self, depth: int, field: FieldPlan, type_: GraphQLObjectType, value: str, *, nullable: bool
    ) -> str:
        child = field.children[type_.name]
        is_parent = not field.attribute and field.kind is FieldKind.ATTRIBUTE
        if is_parent and _is_subtype(field.parent_type, type_):
            return self._object(depth, child, value, {})  # the parent itself: its type is checked already
        row, checked_class = self._new_name("r"), self._new_name("s")
        self._setup.append(f"    {checked_class} = None")
        self._write(depth, f"if {value} is None: " + (f"{row} = None" if nullable else "raise WrongValue"))
        self._write(depth, "else:")
        check = self._bind(class_check(type_))
        self._write(
            depth + 1,
            f"if {value}.__class__ is not {checked_class}: {checked_class} = {check}({value})",
        )
        self._write(depth + 1, f"{row} = {self._object(depth + 1, child, value, {})}")
        return row

    def _leaf(self, depth: int, type_: Any, value: str, *, nullable: bool) -> str:
        coerce = self._bind(coercion(type_))
        exact = EXACT_CLASSES.get(type_.name) if isinstance(type_, GraphQLScalarType) else None
        if exact is not None:
            not_null = f"{value} is not None and " if nullable else ""
            wrong = {
                "int": f"({value}.__class__ is not int or not -2147483648 <= {value} <= 2147483647)",
                "float": f"({value}.__class__ is not float or {value} - {value} != 0.0)",
            }.get(exact, f"{value}.__class__ is not {exact}")
            self._write(depth, f"if {not_null}{wrong}: {value} = {coerce}({value})")
            return value
        last, text = self._new_name("l"), self._new_name("t")
        texts = self._bind(text_cache(type_))
        self._setup.append(f"    {last} = {text} = UNSET")
        branch = "if"
        if nullable:
            self._write(depth, f"if {value} is None: {text} = {last} = None")
            branch = "elif"
        self._write(depth, f"{branch} {value} is not {last}:")
        if isinstance(type_, GraphQLEnumType):
            self._write(depth + 1, f"{text} = {texts}.get(id({value})) or {texts}.member({value})")
        else:
            self._write(depth + 1, f"if {value}.__class__ is date: {text} = {texts}[{value}]")
            is_utc = f"{value}.__class__ is datetime and {value}.tzinfo is UTC"
            self._write(depth + 1, f"elif {is_utc}: {text} = {texts}[{value}]")
            self._write(depth + 1, f"else: {text} = {coerce}({value})")
        self._write(depth + 1, f"{last} = {value}")
        return text

    def _new_name(self, letter: str) -> str:
        self._name_count += 1
        return f"{letter}_{self._name_count}"

    def _bind(self, value: Any) -> str:
        """Return a new global name for a value."""
        name = self._new_name("k")
        self.names[name] = value
        return name

    def _write(self, depth: int, text: str) -> None:
        self._lines.append("    " * depth + text)


def _by_prefix(plan: ObjectPlan, cells: Mapping[int, Any]) -> dict[str, list[FieldPlan]]:
    """Group fields that are read from the parent by the path to their attribute; empty for its own attributes."""
    fields: dict[str, list[FieldPlan]] = {}
    for field in plan.fields:
        if id(field) not in cells:
            fields.setdefault(field.attribute.rpartition(".")[0], []).append(field)
    return fields


def _is_subtype(type_: GraphQLObjectType, other: GraphQLObjectType) -> bool:
    """Return whether every object of `type_` belongs to `other`."""
    check, other_check = type_.is_type_of, other.is_type_of
    return (
        isinstance(check, InstanceCheck)
        and isinstance(other_check, InstanceCheck)
        and issubclass(check.python_type, other_check.python_type)
    )


_row_types: WeakValueDictionary[tuple[str, ...], type] = WeakValueDictionary()
"""Types of rows by their keys, as long as a plan uses them."""


def _row_type(keys: Sequence[str]) -> type:
    """
    Return the struct type of rows with these keys.

    Structs are faster and smaller than dicts, and not garbage-collected.
    """
    type_ = _row_types.get(tuple(keys))
    if type_ is None:
        names = [f"f{index}" for index in range(len(keys))]
        rename = dict(zip(names, keys, strict=True))
        type_ = _row_types[tuple(keys)] = msgspec.defstruct("Row", names, gc=False, rename=rename)
    return type_
