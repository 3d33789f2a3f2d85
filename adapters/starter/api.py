"""Payloads of the Starter API, spelled as the vendor spells them. What has no field here is never read."""

from __future__ import annotations

from pydantic import BaseModel, TypeAdapter


class Name(BaseModel):
    """A learner's name."""

    first: str
    last: str


class Learner(BaseModel):
    """A student."""

    id: int
    number: str
    name: Name


class Learners(BaseModel):
    """A list of students."""

    learners: list[Learner]


class Me(BaseModel):
    """The account of the key."""

    version: str


LEARNERS, ME = TypeAdapter(Learners), TypeAdapter(Me)
