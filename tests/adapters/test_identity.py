"""How ids of two systems are linked: by rules, for certain, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
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

BORN = date(2010, 4, 5)
BY_ID = IdentityRule(field="sis_user_id")
BY_EMAIL = IdentityRule(field="login_id", system="Email")
BY_STATE = IdentityRule(field="state_id", system="State")
RULES = IdentityRules(students=(BY_ID, BY_EMAIL))


def identity(number: str, *known: tuple[str, str], born: date | None = BORN) -> StudentIdentity:
    """What the district knows of a student."""
    return StudentIdentity(
        vendor_id=number,
        student_id=StudentId(number),
        identifiers=[StudentIdentifier(system=system, value=text) for system, text in known],
        birth_date=born,
        family_name="Hill",
    )


def subject(*ids: tuple[str, str], **known: Any) -> Subject:
    """What a vendor says of a student."""
    return Subject(ids=ids, **known)


def code(index: IdentityIndex, who: Subject, rules: IdentityRules = RULES) -> str:
    """Who it is, or why nobody."""
    try:
        return index.resolve(who, rules).student_id
    except IdentityError as error:
        return error.code


ADA, BEN = (
    identity("1", ("Email", "ada@hill.example")),
    identity("2", ("Email", "ben@hill.example"), ("State", "S2")),
)
INDEX = IdentityIndex([ADA, BEN])


def test_the_districts_number_is_a_key_by_itself() -> None:
    """The unique number needs no identifier of its own."""
    assert vendor_key_of(BY_ID, ADA) == "sis_user_id:1"


def test_an_identifier_of_another_system_is_a_key() -> None:
    """Spaces that somebody typed around it do not count."""
    assert vendor_key_of(BY_STATE, identity("3", ("State", " S3 "), ("State", "S3"))) == "state_id:S3"


def test_no_identifier_is_no_key() -> None:
    """Nothing is asked for a student who has no such number, or an empty one."""
    assert vendor_key_of(BY_STATE, ADA) is None
    assert vendor_key_of(BY_STATE, identity("3", ("State", " "))) is None


def test_two_identifiers_of_one_system_are_a_conflict() -> None:
    """Which of two state numbers is right is not for a machine to guess."""
    with pytest.raises(IdentityError) as caught:
        vendor_key_of(BY_STATE, identity("3", ("State", "S3"), ("State", "S4")))

    assert caught.value.code == "IDENTITY_CONFLICT"


def test_a_vendors_id_is_linked_by_whichever_rule_finds_somebody() -> None:
    """One without an id, or whose id nobody has, leaves it to the others; all may name the same student."""
    assert code(INDEX, subject(("sis_user_id", "1"), ("login_id", "ada@hill.example"))) == "1"
    assert code(INDEX, subject(("sis_user_id", "9"), ("login_id", "ben@hill.example"))) == "2"
    assert code(INDEX, subject(("sis_user_id", " "), ("login_id", "ben@hill.example"))) == "2"


def test_a_link_holds_however_often_it_is_asked_for() -> None:
    """Looking somebody up changes nothing."""
    who = subject(("login_id", "ada@hill.example"))

    assert [code(INDEX, who) for _ in range(3)] == ["1", "1", "1"]


def test_an_id_that_nobody_has_is_no_link() -> None:
    """Neither an unknown id, nor a field without a rule, nor nothing at all finds anybody."""
    for who in (subject(("sis_user_id", "9")), subject(("id", "1")), subject()):
        assert code(INDEX, who) == "NO_IDENTITY_LINK"


@pytest.mark.row("B13")
def test_two_candidates_are_a_conflict() -> None:
    """Two students with one address are never merged, and the next rule does not decide it."""
    index = IdentityIndex([ADA, identity("3", ("Email", "ada@hill.example"))])
    rules = IdentityRules(students=(BY_EMAIL, BY_ID))

    assert (
        code(index, subject(("login_id", "ada@hill.example"), ("sis_user_id", "1")), rules) == "IDENTITY_CONFLICT"
    )


@pytest.mark.row("B13")
@pytest.mark.parametrize("order", [(BY_ID, BY_STATE), (BY_STATE, BY_ID)])
def test_ids_that_name_two_students_are_a_conflict(order: tuple[IdentityRule, ...]) -> None:
    """A vendor that knows one child by Ada's number and by Ben's is wrong about one: no order of rules decides."""
    rules = IdentityRules(students=order)

    assert code(INDEX, subject(("sis_user_id", "1"), ("state_id", "S2")), rules) == "IDENTITY_CONFLICT"
    assert code(INDEX, subject(("sis_user_id", "2"), ("state_id", "S2")), rules) == "2"


def test_two_columns_of_unique_numbers_must_agree() -> None:
    """Two fields may hold numbers of one system: one that nobody has counts for nothing, one of another does."""
    rules = IdentityRules(students=(BY_ID, IdentityRule(field="state_id")))

    assert code(INDEX, subject(("sis_user_id", "9"), ("state_id", "2")), rules) == "2"
    assert code(INDEX, subject(("sis_user_id", "1"), ("state_id", "2")), rules) == "IDENTITY_CONFLICT"


def test_one_field_with_two_values_is_a_conflict_when_they_name_two() -> None:
    """A vendor may say a field twice, and both are heard."""
    assert code(INDEX, subject(("sis_user_id", "1"), ("sis_user_id", "2"))) == "IDENTITY_CONFLICT"
    assert code(INDEX, subject(("sis_user_id", "1"), ("sis_user_id", "9"))) == "1"


def test_a_birth_date_that_disagrees_is_a_conflict() -> None:
    """Crossed ids are found by the second attribute and withheld."""
    who = subject(("sis_user_id", "1"), birth_date=date(2011, 1, 1))

    assert code(INDEX, who) == "IDENTITY_CONFLICT"


@pytest.mark.parametrize(
    ("attribute", "known", "expected"),
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
def test_a_second_attribute_must_agree_where_both_have_it(
    attribute: Any, known: dict[str, Any], expected: bool
) -> None:
    """What one side does not know cannot disagree."""
    rules = IdentityRules(students=(BY_ID,), confirm=(attribute,))

    assert attributes_agree(subject(("sis_user_id", "1"), **known), ADA, rules) is expected
    if known:
        nobody = replace(ADA, identifiers=[], birth_date=None, family_name=None)
        assert attributes_agree(subject(("sis_user_id", "1"), **known), nobody, rules)


def test_an_attribute_that_is_not_confirmed_may_disagree() -> None:
    """Only what is configured is compared."""
    rules = IdentityRules(students=(BY_ID,), confirm=())

    assert attributes_agree(subject(birth_date=date(2011, 1, 1)), ADA, rules)


@given(st.dictionaries(st.text(min_size=1), st.text().filter(str.strip), max_size=8))
def test_out_and_in_again_is_the_same_student_or_a_conflict(numbers: dict[str, str]) -> None:
    """Whatever the identifiers are, no key leads to another student."""
    index = IdentityIndex([identity(number, ("State", text)) for number, text in numbers.items()])
    rules = IdentityRules(students=(BY_STATE,))
    for number, known in index.by_id.items():
        key = vendor_key_of(BY_STATE, known)
        assert key is not None
        told = code(index, subject(("state_id", key.partition(":")[2])), rules)

        shared = sum(
            each.identifiers[0].value.strip() == known.identifiers[0].value.strip()
            for each in index.by_id.values()
        )
        assert told == (number if shared == 1 else "IDENTITY_CONFLICT")


def test_rules_refuse_what_they_do_not_know() -> None:
    """A misspelt rule is an error at start; identity is never a guess."""
    with pytest.raises(ValidationError):
        IdentityRules.model_validate({"students": [{"field": "x", "sytem": UNIQUE_ID_SYSTEM}]})
    with pytest.raises(ValidationError):
        IdentityRules.model_validate({"students": [], "confirm": ["name"]})
