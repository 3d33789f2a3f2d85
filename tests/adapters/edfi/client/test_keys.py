"""Ed-Fi's natural keys as ids of the graph."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.edfi.client.keys import (
    AssessmentKey,
    SectionKey,
    assessment_id,
    parse_assessment_id,
    parse_section_id,
    school_number,
    section_id,
    unique_id,
)
from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.model import AssessmentId, SchoolId, SectionId
from tests.subcases import subcases

TEXT = st.text(min_size=1, max_size=60).filter(str.isprintable)


@given(st.integers(0, 2**63 - 1), st.integers(0, 9999), TEXT, TEXT, TEXT)
def test_the_natural_key_of_a_section_survives_its_id(
    school: int, year: int, session: str, course: str, name: str
) -> None:
    """A part of the key may contain any visible text, such as slashes and percent signs."""
    assert SectionKey(school, year, session, course, name) == parse_section_id(
        section_id(school, year, session, course, name)
    )


@given(TEXT, TEXT)
def test_the_natural_key_of_an_assessment_survives_its_id(identifier: str, namespace: str) -> None:
    """A namespace is an address and contains slashes."""
    assert AssessmentKey(identifier, namespace) == parse_assessment_id(assessment_id(identifier, namespace))


@subcases(
    "text",
    [
        "", "1", "1/2022/a/b", "1/2022/a/b/c/d", "x/2022/a/b/c", "1/y/a/b/c", "01/2022/a/b/c", "1/2022//b/c",
        "1/2022/a b/b/c", "1/2022/%61/b/c", "1/2022/%ff/b/c", "1/2022/a%00/b/c", "1/2022/a%0Ab/b/c",
        "1/2022/\ud800/b/c",
        "../../../../..", "9223372036854775808/2022/a/b/c",
    ],
)  # fmt: skip
def test_an_invalid_section_id_is_refused(text: str) -> None:
    """Each section has one id; another form of it is refused, so that no section is cached twice."""
    with pytest.raises(BadKeyError):
        parse_section_id(SectionId(text))


@subcases("text", ["", "a", "a/", "a/b/c", "a/b c", "%/b"])
def test_an_invalid_assessment_id_is_refused(text: str) -> None:
    """The id has identifier and namespace in the form that this adapter writes."""
    with pytest.raises(BadKeyError):
        parse_assessment_id(AssessmentId(text))


@subcases("text", ["", "x", "255901001 ", "+1", "-1", "1.0", "0255901001", "٣", "9" * 20])
def test_a_school_id_that_is_not_a_number_is_refused(text: str) -> None:
    """Ed-Fi `schoolId` is a number, and a text in its filter would fail the whole request."""
    with pytest.raises(BadKeyError):
        school_number(SchoolId(text))


def test_a_school_id_is_a_number() -> None:
    """The text of an id becomes the number that Ed-Fi uses."""
    assert school_number(SchoolId("255901001")) == 255901001


@pytest.mark.parametrize("text", ["", "x" * 33, "a\0b", "a\nb"])
def test_an_invalid_unique_id_is_refused(text: str) -> None:
    """A unique id has 1 to 32 visible characters."""
    with pytest.raises(BadKeyError):
        unique_id(text)


@subcases("text", ["604822", "O'Neil", "a/../b", "#1", "é"])
def test_a_unique_id_may_have_any_visible_characters(text: str) -> None:
    """Districts choose their unique ids; httpx encodes them in the address."""
    assert text == unique_id(text)
