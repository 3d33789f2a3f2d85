"""
Odd values in the rows of recorded responses and of published documents: each costs at most its own row.

Between two other rows stands a row with one leaf replaced. It goes through the payload models and through those
mappings that need the row alone; the conformance suite plays odd values through all of an adapter.
"""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from random import Random
from types import ModuleType
from typing import Any, ClassVar, cast, get_type_hints

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from student_graph.adapters.edfi.api import academics, people, school_life, schools, services
from student_graph.adapters.edfi.api.payload import Resource as EdFiResource
from student_graph.adapters.edfi.mapping import academics as map_academics
from student_graph.adapters.edfi.mapping import people as map_people
from student_graph.adapters.edfi.mapping import school_life as map_school_life
from student_graph.adapters.edfi.mapping import schools as map_schools
from student_graph.adapters.edfi.mapping import services as map_services
from student_graph.adapters.edfi.mapping.descriptors import DescriptorCodes
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.oneroster.api import gradebook, rostering
from student_graph.adapters.oneroster.api.resources import Resource as OneRosterResource
from student_graph.adapters.oneroster.mapping import assessments as map_assessments
from student_graph.adapters.oneroster.mapping import schools as map_orgs
from student_graph.adapters.reading import collecting_unreadable_rows, read
from student_graph.adapters.testing.odd_values import ODD_VALUES, Path, changed, encoded, paths_of_leaves, value_at
from tests.adapters.canvas import rows as canvas_lists
from tests.adapters.edfi import openapi as edfi_documents
from tests.adapters.edfi.reference import RECORDED as EDFI_RECORDED
from tests.adapters.edfi.reference import needs_reference_data
from tests.adapters.edfi.test_recorded import LIST_RESPONSES as EDFI_LISTS
from tests.adapters.google_classroom import rows as google_classroom_lists
from tests.adapters.oneroster import published_documents as oneroster_documents
from tests.adapters.oneroster.test_recorded import LISTS as ONEROSTER_LISTS
from tests.long_runs import LONG_RUNS

ENCODED_VALUES = [(value, encoded(value)) for value in ODD_VALUES]
LOST = "lost"
STAND_IN = "the place of the odd value"
"""Stands for the odd value in a row."""
SCALARS = {"integer": 2026, "number": 1.5, "boolean": True}
"""Values of the types of a schema."""
TEXTS = {"date": "2026-01-15", "date-time": "2026-01-15T08:00:00Z", "time": "08:00:00"}
"""Texts of the formats of a schema."""
DESCRIPTOR = "uri://ed-fi.org/Kind#Other"


class Body:
    """A response as readers see it. A million real ones would take longer than reading them."""

    headers: ClassVar = {"content-type": "application/json"}

    def __init__(self, content: bytes) -> None:
        self.content = content

    def raise_for_status(self) -> None:
        """The status is 200."""


@dataclass(slots=True, eq=False)
class Document:
    """A row of a resource, as it is recorded or described."""

    name: str
    row: dict[str, Any]
    read: Callable[[httpx.Response], list[Any]]
    key: str
    """The row's property with its id."""
    wrapper: str | None
    """The property of a body that holds the rows; None if the body is a list."""
    ids: tuple[Any, Any, Any] = ("first", "middle", "last")
    """Ids of the three rows of a body."""

    def rows(self, body: bytes) -> list[Any]:
        """The rows that are read of a body."""
        return self.read(cast("httpx.Response", Body(body)))

    def paths(self) -> list[Path]:
        """The leaves of the row in the middle."""
        return list(paths_of_leaves(self._row(1)))

    def leaf(self, path: Path) -> tuple[Any, Path, bytes]:
        """The reader, the path and the value of a leaf, which a row of another standard may have as well."""
        return self.read, path, encoded(value_at(self._row(1), path))

    def body(self, path: Path | None = None) -> bytes:
        """A body with three rows; in the middle one `STAND_IN` is the value of a leaf."""
        middle = self._row(1) if path is None else changed(self._row(1), path, STAND_IN)
        rows = [self._row(0), middle, self._row(2)]
        return encoded(rows if self.wrapper is None else {self.wrapper: rows})

    def _row(self, index: int) -> dict[str, Any]:
        return self.row | {self.key: self.ids[index]}


@lru_cache(maxsize=1)
def around(document: Document, path: Path) -> tuple[bytes, bytes]:
    """The body of a document before and after the value of a leaf; only the value is encoded again for each."""
    before, _, after = document.body(path).partition(encoded(STAND_IN))
    return before, after


@dataclass(slots=True)
class Counts:
    """What a run found."""

    leaves: int = 0
    values: int = 0
    unreadable: list[str] = field(default_factory=list)
    """Documents whose own row cannot be read."""
    internal: list[str] = field(default_factory=list)
    """Values that end as another exception than one of the adapter."""
    lost: list[str] = field(default_factory=list)
    """Values that take away another row, or that take away their own without a report."""


def play(documents: list[Document], mappings: dict[type, list[Callable[[Any], Any]]], limit: int | None) -> Counts:
    """
    Replace leaves of documents by odd values: each leaf by each value, or a sample, always the same one.

    A leaf that several standards describe alike is replaced once: their rows differ in few others.
    """
    counts, leaves = Counts(), set[tuple[Any, Path, bytes]]()
    cases: list[tuple[Document, list[Any], Path, int]] = []
    for document in documents:
        expected = document.rows(document.body())
        if len(expected) != 3:
            counts.unreadable.append(document.name)
            continue
        paths = [path for path in document.paths() if document.leaf(path) not in leaves]
        leaves.update(map(document.leaf, paths))
        counts.leaves += len(paths)
        cases += [(document, expected, path, index) for path in paths for index in range(len(ENCODED_VALUES))]
    if limit is not None:
        cases = Random(7).sample(cases, min(limit, len(cases)))  # noqa: S311
    counts.values = len(cases)
    for document, expected, path, index in cases:
        value, text = ENCODED_VALUES[index]
        before, after = around(document, path)
        outcome = _outcome(document, expected, before + text + after, mappings)
        if outcome is not None:
            name = f"{document.name} {'.'.join(map(str, path))} = {str(value)[:40]!r}: {outcome}"
            (counts.lost if outcome == LOST else counts.internal).append(name)
    return counts


def _outcome(
    document: Document, expected: list[Any], body: bytes, mappings: dict[type, list[Callable[[Any], Any]]]
) -> str | None:
    """What is wrong when a body is read: `LOST`, or the name of an exception; None if nothing is."""
    try:
        with collecting_unreadable_rows() as unreadable:
            rows = document.rows(body)
        for row in rows[1:-1]:
            for to_record in mappings.get(type(row), ()):
                with contextlib.suppress(AdapterError):  # it is one of this row alone
                    to_record(row)
    except (AdapterError, ValidationError):
        return LOST
    except Exception as exc:  # noqa: BLE001 - whatever an adapter raises
        return type(exc).__name__
    is_complete = rows and rows[0] == expected[0] and rows[-1] == expected[-1] and len(rows) + len(unreadable) >= 3
    return None if is_complete else LOST


def mappings_of(*modules: ModuleType) -> dict[type, list[Callable[[Any], Any]]]:
    """The mappings that need a row alone, or a row and the district's codes, by the type of the row."""
    codes = DescriptorCodes({})
    mappings: dict[type, list[Callable[[Any], Any]]] = {}
    for module in modules:
        for function in vars(module).values():
            if not inspect.isfunction(function) or function.__module__ != module.__name__:
                continue
            parameters = [name for name in get_type_hints(function) if name != "return"]
            if parameters == ["row"]:
                to_record = function
            elif parameters == ["codes", "row"]:

                def to_record(row: Any, function: Callable[..., Any] = function) -> Any:
                    return function(codes, row)

            else:
                continue
            row_type = get_type_hints(function)["row"]
            if isinstance(row_type, type):
                mappings.setdefault(row_type, []).append(to_record)
    return mappings


def described_row(spec: dict[str, Any], node: dict[str, Any], name: str = "") -> Any:
    """A value for a schema of a document; objects have all properties."""
    while "$ref" in node:
        target: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    for union in ("allOf", "oneOf", "anyOf"):
        if node.get(union):
            return described_row(spec, node[union][0], name)
    kind = node.get("type", "object")
    kind = kind if isinstance(kind, str) else kind[0]
    if kind == "object":
        return {key: described_row(spec, child, key) for key, child in node.get("properties", {}).items()}
    if kind == "array":
        return [described_row(spec, node.get("items", {"type": "string"}), name)]
    text = TEXTS["date"] if name.endswith("Date") else DESCRIPTOR if name.endswith("Descriptor") else "2026"
    return SCALARS.get(kind) or (node.get("enum") or [TEXTS.get(node.get("format", ""), text)])[0]


def edfi_rows() -> Iterator[Document]:
    """Recorded rows of an Ed-Fi API; in a long run also a row of each resource of each published document."""
    for name, (resource, count) in EDFI_LISTS.items():
        if count:
            row = json.loads((EDFI_RECORDED / f"{name}.json").read_text("utf-8"))["body"][0]
            yield Document(name, row, resource.read, "id", None)
    resources = [
        value
        for module in (academics, people, school_life, schools, services)
        for value in vars(module).values()
        if isinstance(value, EdFiResource)
    ]
    for standard in ("3.3", "4.0", "5.0", "6.0") if LONG_RUNS else ():
        spec = edfi_documents.document(f"resources-ds-{standard}")
        for resource in resources:
            if f"/ed-fi/{resource.name}" in spec["paths"]:
                response = spec["paths"][f"/ed-fi/{resource.name}"]["get"]["responses"]["200"]
                [row] = described_row(spec, response["content"]["application/json"]["schema"])
                yield Document(f"{standard} {resource.name}", row, resource.read, "id", None)


def oneroster_rows() -> Iterator[Document]:
    """Recorded rows of a OneRoster service; in a long run also one of each collection of a published document."""
    for name, (resource, count) in ONEROSTER_LISTS.items():
        if count:
            [(wrapper, rows)] = oneroster_documents.recorded(name)["body"].items()
            yield Document(name, rows[0], resource.read, "sourcedId", wrapper)
    if not LONG_RUNS:
        return
    spec = oneroster_documents.document(oneroster_documents.VENDOR)
    paths = {path.rstrip("/").rpartition("/")[2]: item for path, item in spec["paths"].items() if "{" not in path}
    for resource in (*vars(rostering).values(), *vars(gradebook).values()):
        if isinstance(resource, OneRosterResource) and resource.path in paths:
            response = paths[resource.path]["get"]["responses"]["200"]
            body = described_row(spec, response["content"]["application/json"]["schema"])
            wrapper = next(key for key, value in body.items() if isinstance(value, list))
            yield Document(f"1.2 {resource.path}", body[wrapper][0], resource.read, "sourcedId", wrapper)


def canvas_rows() -> Iterator[Document]:
    """Rows of the sandbox; nothing of Canvas is recorded or published as a document."""
    for name, row in canvas_lists.rows_by_list().items():
        payload, key = canvas_lists.LISTS[name]
        reader = partial(read, payload=TypeAdapter(list[payload]))  # type: ignore[valid-type]
        yield Document(name, row, reader, key, None, (9001, 9002, 9003))


def google_classroom_rows() -> Iterator[Document]:
    """Rows that the published document describes."""
    yield from (Document(*described) for described in google_classroom_lists.described_lists())


EDFI_MAPPINGS = (map_academics, map_people, map_school_life, map_schools, map_services)
ONEROSTER_MAPPINGS = (map_assessments, map_orgs)


@needs_reference_data
@pytest.mark.long_run
@pytest.mark.parametrize(
    ("adapter", "documents", "modules"),
    [
        ("canvas", canvas_rows, ()),
        ("edfi", edfi_rows, EDFI_MAPPINGS),
        ("google_classroom", google_classroom_rows, ()),
        ("oneroster", oneroster_rows, ONEROSTER_MAPPINGS),
    ],
)
def test_an_odd_value_of_a_document_costs_its_own_row_at_most(
    adapter: str, documents: Callable[[], Iterator[Document]], modules: tuple[ModuleType, ...]
) -> None:
    """The other rows are as they were, and no exception is another than one of the adapter."""
    counts = play(list(documents()), mappings_of(*modules), None if LONG_RUNS else 300)
    print(  # noqa: T201 - the figures of the long run
        f"fuzz of documents: {adapter} {counts.leaves} leaves, {counts.values} values, "
        f"{len(counts.internal)} internal, {len(counts.lost)} lost"
    )

    assert counts.values
    assert (counts.unreadable, counts.internal, counts.lost) == ([], [], [])
