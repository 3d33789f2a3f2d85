"""
Column maps: what the columns of a vendor's file mean.

Each family of tests has a TOML file in `families/`, and a district can add files of its own. A map names columns
and never holds code. A file of a vendor that is not known here needs a new map and no new adapter.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from student_graph.adapters.registry import SettingsError

MAX_MAP_BYTES = 1_000_000
"""Largest file of column maps that is read."""
_NUMBER = "{n}"
"""Stands for the number of a part in the names of numbered columns, such as `Goal{n}Name`."""
StudentColumn: TypeAlias = Literal["district_id", "state_id", "vendor_id", "birth_date", "family_name", "email"]
"""What a map can say about a student."""
STUDENT_COLUMNS: tuple[StudentColumn, ...] = get_args(StudentColumn)


def _as_names(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_as_names)]
"""Names of one column in different years; the first that the file has is read. One name may be a text."""


class _Map(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ScoreColumn(_Map):
    """A column with a score."""

    method: str
    """What the score measures, as records name it: `Scale Score`."""
    column: Names
    datatype: Literal["INTEGER", "DECIMAL", "PERCENTILE", "PERCENTAGE", "LEVEL", "RANGE"] | None = None
    """The format of the score; by default a number if its text is one, else a level."""


class LevelColumn(_Map):
    """A column with a performance level."""

    method: str | None = None
    column: Names


class Part(_Map):
    """A part of a test with scores of its own in the row of the test."""

    name: str | None = None
    """Name of the part; None if a column has it."""
    name_column: Names = ()
    """The column with the part's name."""
    scores: tuple[ScoreColumn, ...] = ()
    levels: tuple[LevelColumn, ...] = ()
    repeat: int = Field(default=0, ge=0, le=100)
    """How many numbered parts there are, whose number is `{n}` in the names of their columns; 0 for one part."""

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if bool(self.name) == bool(self.name_column):
            raise ValueError("a part has either `name` or `name_column`")
        return self

    def numbered(self) -> Iterator[Part]:
        """Yield the part, or each of the numbered parts."""
        if not self.repeat:
            yield self
        for number in range(1, self.repeat + 1):
            yield Part.model_validate(_with_number(self.model_dump(), number))


def _with_number(value: Any, number: int) -> Any:
    match value:
        case dict():
            return {key: _with_number(part, number) for key, part in value.items() if key != "repeat"}
        case list() | tuple():
            return [_with_number(part, number) for part in value]
        case str():
            return value.replace(_NUMBER, str(number))
        case _:
            return value


class Test(_Map):
    """One of the tests whose results a file can hold."""

    identifier: str
    """Identifier of the test. `{Subject}` stands for the text in the column `Subject`."""
    title: str
    """Title, also with columns in braces."""
    subject: str
    """Subject, also with a column in braces."""
    when: dict[str, str] = Field(default_factory=dict)
    """Texts that certain columns contain, letter case ignored, in rows of this test; empty for all rows."""
    replace: dict[str, str] = Field(default_factory=dict)
    """What stands in the identifier and in the subject for certain texts of columns."""


class Moment(_Map):
    """The columns with the date of a test, and with the time of day if there is one."""

    columns: tuple[Names, ...] = Field(min_length=1)
    """The column of the date, then perhaps the one of the time."""
    formats: tuple[str, ...] = Field(min_length=1)
    """Formats of `strptime` that the texts, joined by a blank, may have; `iso` stands for ISO 8601."""


class Layout(_Map):
    """The columns of one kind of file."""

    name: str
    """Name of the kind of file, which operators see: `MAP Growth results`."""
    family: str | None = None
    """Name of the family of its tests if it is not that of the file with the map."""
    requires: tuple[str, ...] = Field(min_length=1)
    """Columns by which such a file is known. Of several maps, the one with the most of them is used."""
    files: str = "*"
    """Pattern of the file's name, letter case ignored, if files of several tests have the same columns."""
    encoding: str | None = None
    """Encoding of files without a byte order mark; by default UTF-8, or Windows-1252 if that cannot be."""
    student: dict[StudentColumn, Names]
    """Columns that say who the student is. Identity rules name `district_id`, `state_id` and `vendor_id`."""
    birth_formats: tuple[str, ...] = ()
    """Formats of the birth date; those of the test's date if empty."""
    date: Moment
    tests: tuple[Test, ...] = Field(min_length=1)
    """Tests; a row belongs to the first one whose `when` is true."""
    event_id: Names = ()
    """Column with the vendor's id of this one taking of the test; empty if there is none."""
    school_year: Names = ()
    """Column with the school year, such as `Fall 2021-2022`; without it the year follows from the date."""
    grade: Names = ()
    """Column with the grade level when the test was taken."""
    norm_year: Names = ()
    """Column with the year of the norms of percentiles."""
    retest: Names = ()
    """Column that says whether this was a retest."""
    counts_if: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Texts that certain columns have in rows that count, such as `Active`; other rows are left out."""
    scores: tuple[ScoreColumn, ...] = ()
    levels: tuple[LevelColumn, ...] = ()
    parts: tuple[Part, ...] = ()
    is_about_part: bool = False
    """Whether a row is about a part of a test whose complete result is in another file."""
    missing: tuple[str, ...] = ("", "NA", "N/A", "NULL")
    """Texts that stand for no value, letter case ignored; any other text of a score is a result."""

    @cached_property
    def missing_words(self) -> frozenset[str]:
        """The texts that stand for no value, in lower case."""
        return frozenset(word.casefold() for word in self.missing)

    @cached_property
    def all_parts(self) -> list[Part]:
        """The parts, numbered ones each on its own."""
        return [numbered for part in self.parts for numbered in part.numbered()]


class Family(_Map):
    """A family of tests, and the kinds of its files."""

    family: str
    """Name of the family, such as `MAP Growth`."""
    namespace: str | None = None
    """Namespace of the tests' identifiers."""
    source: str
    """Where the facts about the columns come from."""
    layouts: tuple[Layout, ...] = Field(min_length=1)


def parse_family(text: str, name: str) -> Family:
    """
    Return the family of a TOML text.

    Raises:
        SettingsError: it is no TOML, or no column map. The message names the file, and the line or the property.
    """
    try:
        return Family.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"{name}: {exc}") from None
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{name}: {path}: {first['msg']}") from None


@cache
def shipped_families() -> tuple[Family, ...]:
    """Return the families whose column maps are part of this package, ordered by the name of their file."""
    folder = files(__package__) / "families"
    resources = sorted((item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda r: r.name)
    return tuple(parse_family(resource.read_text("utf-8"), resource.name) for resource in resources)


def read_families(paths: Sequence[Path]) -> tuple[Family, ...]:
    """
    Return the families of a district's own files, and after them those of this package.

    Raises:
        SettingsError: a file cannot be read, or is no column map.
    """
    own = []
    for path in paths:
        try:
            if path.stat().st_size > MAX_MAP_BYTES:
                raise SettingsError(f"{path}: larger than {MAX_MAP_BYTES} bytes")
            own.append(parse_family(path.read_text("utf-8"), str(path)))
        except (OSError, UnicodeDecodeError) as exc:
            raise SettingsError(f"{path}: cannot be read ({type(exc).__name__})") from None
    return (*own, *shipped_families())
