"""Payload of the parts of a list in an Ed-Fi API: `/partitions` of a resource, in ODS/API from version 7.3 on."""

from __future__ import annotations

from pydantic import TypeAdapter

from student_graph.adapters.edfi.api.payload import Many
from student_graph.adapters.reading import Payload


class Partitions(Payload):
    """The parts of a list."""

    pageTokens: Many[str]
    """The token of the first page of each part."""


PARTITIONS = TypeAdapter(Partitions)
