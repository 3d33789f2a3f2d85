"""Parts of a declaration that send a request of their own, and what all parts have in common."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

ParameterName = Annotated[str, Field(min_length=1, max_length=100)]
Request: TypeAlias = str
"""Path and query of a request with placeholders in braces, such as `/students/{key}?year={school_year}`."""


class Section(BaseModel):
    """A part of the file; a setting that it does not have is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


class Check(Section):
    """The request that tests the address and the credentials."""

    get: Request
    """Path of the request."""
    version: str | None = None
    """JMESPath of the product's version in the response; it is shown to the operator."""


class Version(Section):
    """The request that says whether any data has changed."""

    get: Request
    """Path of the request."""
    path: str
    """JMESPath of the version of the data in the response."""


class First(Section):
    """A request that is sent before that of a lookup, whose placeholders have what it reads."""

    get: Request
    """
    Path and query; `{key}` is the key, and `{NAME}` a value of another `[first.NAME]`. Without the key it is sent
    once for all keys of a call.
    """
    rows: str | None = None
    """JMESPath of the rows in the response; without it the response is the row or the list."""
    value: str
    """JMESPath of the value in a row."""
    matches: str | None = None
    """
    JMESPath of the key in a row: rows with another key do not count. Without `{key}` in `get` the response is the
    list of all ids, and `key_of` in a mapping leads from an id back to its key.
    """
    several: bool = False
    """Whether there may be several values: then the request of the lookup is sent for each."""
    code: str | None = None
    """JMESPath of a code in a row: then the rows are a table of what codes stand for, for the option `table`."""


class Changes(Section):
    """How the list is asked for what changed since a version of the data; needs `data_version`."""

    parameter: ParameterName
    """Parameter with the version since which rows are sent."""
    removed: str | None = None
    """JMESPath that is true in a row that was deleted."""
