"""The plugin as PowerSchool reads it: its queries, and the fields that it asks to be granted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

FOLDER = Path(__file__).parents[1] / "plugin"
QUERIES = FOLDER / "queries_root" / "org.studentgraph.gateway.named_queries.xml"
NAMESPACE = "{http://plugin.powerschool.pearson.com}"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a query."""

    is_array: bool
    default: str | None
    """Value if the request has none; None if the argument is required."""


@dataclass(frozen=True, slots=True)
class Query:
    """A PowerQuery of the plugin."""

    columns: dict[str, str]
    """The field of each column, such as `STUDENTS.DCID`, by the column's name in the response."""
    arguments: dict[str, Argument]
    sql: str


@cache
def queries() -> dict[str, Query]:
    """Return the queries of the plugin by name."""
    root = ET.parse(QUERIES).getroot()  # noqa: S314 - a file of this package
    return {
        str(query.get("name")): Query(
            {str(column.text): str(column.get("column")) for column in query.iter("column")},
            {
                str(argument.get("name")): Argument(argument.get("type") == "array", argument.get("default"))
                for argument in query.iter("arg")
            },
            str(query.findtext("sql")),
        )
        for query in root.iter("query")
    }


@cache
def granted_fields() -> frozenset[str]:
    """Return the fields that the plugin asks for, such as `STUDENTS.DCID`."""
    root = ET.parse(FOLDER / "plugin.xml").getroot()  # noqa: S314 - a file of this package
    return frozenset(f"{field.get('table')}.{field.get('field')}" for field in root.iter(f"{NAMESPACE}field"))
