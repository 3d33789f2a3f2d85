"""Ed-Fi's natural keys as opaque ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.edfi.client.keys import (
    AssessmentParts,
    SectionParts,
    assessment_id,
    assessment_parts,
    person_key,
    school_key,
    section_id,
    section_parts,
)
from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.model import AssessmentId, SchoolId, SectionId

TEXT = st.text(min_size=1, max_size=60).filter(str.isprintable)


@given(st.integers(0, 2**63 - 1), st.integers(0, 9999), TEXT, TEXT, TEXT)
def test_any_section_comes_back_from_its_id(school: int, year: int, session: str, course: str, name: str) -> None:
    """Slashes, percent signs and whatever else people put into names survive."""
    assert SectionParts(school, year, session, course, name) == section_parts(
        section_id(school, year, session, course, name)
    )


@given(TEXT, TEXT)
def test_any_assessment_comes_back_from_its_id(identifier: str, namespace: str) -> None:
    """Namespaces are addresses: their slashes survive."""
    assert AssessmentParts(identifier, namespace) == assessment_parts(assessment_id(identifier, namespace))


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "1/2022/a/b", "1/2022/a/b/c/d", "x/2022/a/b/c", "1/y/a/b/c", "01/2022/a/b/c", "1/2022//b/c",
        "1/2022/a b/b/c", "1/2022/%61/b/c", "1/2022/%ff/b/c", "1/2022/a%00/b/c", "1/2022/a%0Ab/b/c",
        "1/2022/\ud800/b/c",
        "../../../../..", "9223372036854775808/2022/a/b/c",
    ],
)  # fmt: skip
def test_an_id_that_no_section_has_is_refused(text: str) -> None:
    """Each section has one id: other spellings of it are none, so that nothing is cached twice."""
    with pytest.raises(BadKeyError):
        section_parts(SectionId(text))


@pytest.mark.parametrize("text", ["", "a", "a/", "a/b/c", "a/b c", "%/b"])
def test_an_id_that_no_assessment_has_is_refused(text: str) -> None:
    """Identifier and namespace, both there, both as this adapter writes them."""
    with pytest.raises(BadKeyError):
        assessment_parts(AssessmentId(text))


@pytest.mark.parametrize("text", ["", "x", "255901001 ", "+1", "-1", "1.0", "0255901001", "٣", "9" * 20])
def test_a_school_that_is_no_number_is_refused(text: str) -> None:
    """Ed-Fi numbers schools; a text in a numeric filter would be an error of the whole request."""
    with pytest.raises(BadKeyError):
        school_key(SchoolId(text))


def test_a_school_is_its_number() -> None:
    """As Ed-Fi writes it."""
    assert school_key(SchoolId("255901001")) == 255901001


@pytest.mark.parametrize("text", ["", "x" * 33, "a\0b", "a\nb"])
def test_a_person_whom_ed_fi_cannot_have_is_refused(text: str) -> None:
    """Unique numbers have 1 to 32 characters, all of them visible."""
    with pytest.raises(BadKeyError):
        person_key(text)


@pytest.mark.parametrize("text", ["604822", "O'Neil", "a/../b", "#1", "é"])
def test_a_person_may_have_any_visible_name(text: str) -> None:
    """Districts choose; the value is encoded on its way."""
    assert text == person_key(text)
