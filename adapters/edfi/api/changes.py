"""Payloads of the change queries of a resource."""

from __future__ import annotations

from pydantic import TypeAdapter

from student_graph.adapters.edfi.api.payload import Item


class Deletion(Item):
    """A deleted row, named by its id."""


class KeyChange(Item):
    """A row whose natural key was changed, named by its id."""


DELETIONS = TypeAdapter(list[Deletion])
KEY_CHANGES = TypeAdapter(list[KeyChange])
