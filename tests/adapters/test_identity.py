"""Tests of links between the ids of two systems."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from student_graph.adapters.errors import IdentityError
from student_graph.adapters.identity import (
    UNIQUE_ID_SYSTEM,
    IdentityIndex,
    IdentityRule,
    IdentityRules,
    attributes_agree,
    vendor_key_of,
)
from student_graph.adapters.model import StudentId, StudentIdentifier, StudentIdentity, Subject
from tests.subcases import subcases

BORN = date(2010, 4, 5)
BY_ID = IdentityRule(field="sis_user_id")
BY_EMAIL = IdentityRule(field="login_id", system="Email")
BY_STATE = IdentityRule(field="state_id", system="State")
RULES = IdentityRules(students=(BY_ID, BY_EMAIL))


def identity(number: str, *identifiers: tuple[str, str], born: date | None = BORN) -> StudentIdentity:
    """A student's identity in the district."""
    return StudentIdentity(
        vendor_id=number,
        student_id=StudentId(number),
        identifiers=[StudentIdentifier(system=system, value=text) for system, text in identifiers],
        birth_date=born,
        family_name="Hill",
    )


def subject(*ids: tuple[str, str], **attributes: Any) -> Subject:
    """A student in a vendor's data."""
    return Subject(ids=ids, **attributes)


def resolve(index: IdentityIndex, vendor_subject: Subject, rules: IdentityRules = RULES) -> str:
    """The number of the student, or the code of the error."""
    try:
        return index.resolve(vendor_subject, rules).student_id
    except IdentityError as error:
        return error.code


ADA, BEN = (
    identity("1", ("Email", "ada@hill.example")),
    identity("2", ("Email", "ben@hill.example"), ("State", "S2")),
)
INDEX = IdentityIndex([ADA, BEN])


def test_the_district_number_is_a_key() -> None:
    """The unique number needs no separate identifier."""
    assert vendor_key_of(BY_ID, ADA) == "sis_user_id:1"


def test_an_identifier_of_another_system_is_a_key() -> None:
    """Spaces around an identifier are ignored."""
    assert vendor_key_of(BY_STATE, identity("3", ("State", " S3 "), ("State", "S3"))) == "state_id:S3"


def test_the_letter_case_of_an_e_mail_address_says_nothing() -> None:
    """Systems write one address in different letters; identifiers of other systems are compared exactly."""
    ada = identity("1", ("Email", "Ada@Hill.example"), ("Email", "ada@hill.example "), ("State", "s1"))
    index = IdentityIndex([ada])

    assert vendor_key_of(BY_EMAIL, ada) == "login_id:ada@hill.example"
    assert resolve(index, subject(("login_id", "ADA@hill.example"))) == "1"
    assert not index.is_ambiguous(BY_EMAIL, StudentId("1"))
    assert (
        resolve(
            IdentityIndex([ada, identity("3", ("Email", "ADA@HILL.example"))]),
            subject(("login_id", "ada@hill.example")),
        )
        == "IDENTITY_CONFLICT"
    )
    assert resolve(index, subject(("state_id", "S1")), IdentityRules(students=(BY_STATE,))) == "NO_IDENTITY_LINK"


def test_without_an_identifier_there_is_no_key() -> None:
    """A student without an identifier of the system, or with an empty one, has no key."""
    assert vendor_key_of(BY_STATE, ADA) is None
    assert vendor_key_of(BY_STATE, identity("3", ("State", " "))) is None


def test_two_identifiers_of_one_system_are_a_conflict() -> None:
    """With two state numbers it is not certain which is right."""
    with pytest.raises(IdentityError) as caught:
        vendor_key_of(BY_STATE, identity("3", ("State", "S3"), ("State", "S4")))

    assert caught.value.code == "IDENTITY_CONFLICT"


def test_any_rule_can_link_an_id() -> None:
    """A rule without an id, or with an unknown one, is ignored; several rules may lead to the same student."""
    assert resolve(INDEX, subject(("sis_user_id", "1"), ("login_id", "ada@hill.example"))) == "1"
    assert resolve(INDEX, subject(("sis_user_id", "9"), ("login_id", "ben@hill.example"))) == "2"
    assert resolve(INDEX, subject(("sis_user_id", " "), ("login_id", "ben@hill.example"))) == "2"


def test_a_link_is_the_same_every_time() -> None:
    """Resolving a student does not change the index."""
    student = subject(("login_id", "ada@hill.example"))

    assert [resolve(INDEX, student) for _ in range(3)] == ["1", "1", "1"]


def test_an_unknown_id_has_no_link() -> None:
    """An unknown id, a field without a rule, and no id at all lead to no student."""
    for student in (subject(("sis_user_id", "9")), subject(("id", "1")), subject()):
        assert resolve(INDEX, student) == "NO_IDENTITY_LINK"


@pytest.mark.row("B13")
def test_two_candidates_are_a_conflict() -> None:
    """Two students with one address are never merged, and the next rule does not decide between them."""
    index = IdentityIndex([ADA, identity("3", ("Email", "ada@hill.example"))])
    rules = IdentityRules(students=(BY_EMAIL, BY_ID))

    assert (
        resolve(index, subject(("login_id", "ada@hill.example"), ("sis_user_id", "1")), rules)
        == "IDENTITY_CONFLICT"
    )


@pytest.mark.row("B13")
@pytest.mark.parametrize("order", [(BY_ID, BY_STATE), (BY_STATE, BY_ID)])
def test_ids_of_two_students_are_a_conflict(order: tuple[IdentityRule, ...]) -> None:
    """A record with ids of Ada and of Ben is withheld, whatever the order of the rules."""
    rules = IdentityRules(students=order)

    assert resolve(INDEX, subject(("sis_user_id", "1"), ("state_id", "S2")), rules) == "IDENTITY_CONFLICT"
    assert resolve(INDEX, subject(("sis_user_id", "2"), ("state_id", "S2")), rules) == "2"


def test_two_columns_of_unique_numbers_must_agree() -> None:
    """If two fields hold numbers of one system, an unknown number is ignored; another student's is a conflict."""
    rules = IdentityRules(students=(BY_ID, IdentityRule(field="state_id")))

    assert resolve(INDEX, subject(("sis_user_id", "9"), ("state_id", "2")), rules) == "2"
    assert resolve(INDEX, subject(("sis_user_id", "1"), ("state_id", "2")), rules) == "IDENTITY_CONFLICT"


def test_two_values_of_one_field_must_agree() -> None:
    """If a vendor sends a field twice, both values are used."""
    assert resolve(INDEX, subject(("sis_user_id", "1"), ("sis_user_id", "2"))) == "IDENTITY_CONFLICT"
    assert resolve(INDEX, subject(("sis_user_id", "1"), ("sis_user_id", "9"))) == "1"


def test_a_birth_date_that_disagrees_is_a_conflict() -> None:
    """Swapped ids are detected by the second attribute, and the record is withheld."""
    student = subject(("sis_user_id", "1"), birth_date=date(2011, 1, 1))

    assert resolve(INDEX, student) == "IDENTITY_CONFLICT"


@subcases(
    ("attribute", "vendor_data", "expected"),
    [
        ("birth_date", {"birth_date": BORN}, True),
        ("birth_date", {"birth_date": date(2011, 1, 1)}, False),
        ("birth_date", {}, True),
        ("email", {"email": "ADA@Hill.example"}, True),
        ("email", {"email": "ben@hill.example"}, False),
        ("email", {}, True),
        ("family_name", {"family_name": "HILL"}, True),
        ("family_name", {"family_name": "Vale"}, False),
        ("family_name", {}, True),
    ],
)
def test_a_second_attribute_must_agree_if_both_have_it(
    attribute: Any, vendor_data: dict[str, Any], expected: bool
) -> None:
    """An attribute that one side does not have cannot disagree."""
    rules = IdentityRules(students=(BY_ID,), confirm=(attribute,))

    assert attributes_agree(subject(("sis_user_id", "1"), **vendor_data), ADA, rules) is expected
    if vendor_data:
        without_data = replace(ADA, identifiers=[], birth_date=None, family_name=None)
        assert attributes_agree(subject(("sis_user_id", "1"), **vendor_data), without_data, rules)


def test_an_attribute_that_is_not_compared_may_disagree() -> None:
    """Only the configured attributes are compared."""
    rules = IdentityRules(students=(BY_ID,), confirm=())

    assert attributes_agree(subject(birth_date=date(2011, 1, 1)), ADA, rules)


@settings(derandomize=True, deadline=None)
@given(st.dictionaries(st.text(min_size=1), st.text().filter(str.strip), max_size=8))
def test_a_key_leads_back_to_the_same_student_or_is_a_conflict(numbers: dict[str, str]) -> None:
    """With any identifiers, no key leads to another student."""
    index = IdentityIndex([identity(number, ("State", text)) for number, text in numbers.items()])
    rules = IdentityRules(students=(BY_STATE,))
    state_numbers = Counter(text.strip() for text in numbers.values())
    for number, student in index.by_id.items():
        key = vendor_key_of(BY_STATE, student)
        assert key is not None
        resolved = resolve(index, subject(("state_id", key.partition(":")[2])), rules)

        is_unique = state_numbers[student.identifiers[0].value.strip()] == 1
        assert resolved == (number if is_unique else "IDENTITY_CONFLICT")


def test_rules_refuse_unknown_settings() -> None:
    """A misspelled rule is an error at start."""
    with pytest.raises(ValidationError):
        IdentityRules.model_validate({"students": [{"field": "x", "sytem": UNIQUE_ID_SYSTEM}]})
    with pytest.raises(ValidationError):
        IdentityRules.model_validate({"students": [], "confirm": ["name"]})


@pytest.mark.parametrize("attribute", ["birth_date", "email", "family_name"])
def test_an_attribute_that_the_district_does_not_record_confirms_nothing(attribute: Any) -> None:
    """The vendor has it and the district should confirm it: the record is withheld."""
    rules = IdentityRules(students=(BY_ID,), confirm=(attribute,))
    values = {"birth_date": BORN, "email": "ada@hill.example", "family_name": "Hill"}
    student = subject(("sis_user_id", "1"), **{attribute: values[attribute]})
    index = IdentityIndex([replace(ADA, identifiers=[], birth_date=None, family_name=None)])
    with pytest.raises(IdentityError) as error:
        index.resolve(student, rules)
    assert error.value.code == "IDENTITY_UNCONFIRMED"
    assert IdentityIndex([ADA]).resolve(student, rules) == ADA
    assert index.resolve(subject(("sis_user_id", "1")), rules).student_id == ADA.student_id
