"""
Numbers in payloads: JSON numbers, or texts of them.

pydantic alone reads `true` as 1: a flag in place of a score would become a grade, and in place of an id another
object's id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_TEXT = core_schema.str_schema(
    strict=True, strip_whitespace=True, pattern=r"^[-+]?[0-9]*[.]?[0-9]+(?:[eE][-+]?[0-9]+)?$"
)


@dataclass(frozen=True, slots=True)
class _NoBoolean:
    """Reads numbers of JSON and texts of numbers, and no booleans."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        number = handler(source)
        is_integer = number["type"] == "int"
        choices: list[CoreSchema | tuple[CoreSchema, str]] = [
            *([core_schema.int_schema(strict=True)] if is_integer else []),
            core_schema.chain_schema([core_schema.float_schema(strict=True), number]),
            core_schema.chain_schema([_TEXT, number]),
        ]
        in_json = core_schema.union_schema(
            choices,
            mode="left_to_right",
            custom_error_type="number",
            custom_error_message="Input should be a number",
        )
        return core_schema.json_or_python_schema(in_json, number)


Number: TypeAlias = Annotated[float, _NoBoolean()]
"""A number, which may be the text of one."""
Integer: TypeAlias = Annotated[int, _NoBoolean()]
"""A whole number, which may be the text of one."""


def _digits(value: Any) -> Any:
    """The text of a whole number; other values as they are."""
    return str(value) if type(value) is int else value


IdText: TypeAlias = Annotated[str, BeforeValidator(_digits)]
"""
An id, which may be a whole number in JSON.

For ids that may be null: one that cannot be read would look as if there were none.
"""
