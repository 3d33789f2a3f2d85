"""Ed-Fi addresses, languages and English proficiency become records, and none that must not be shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from student_graph.adapters.edfi.api import addresses as api
from student_graph.adapters.edfi.api import people
from student_graph.adapters.edfi.mapping import people as to_people
from student_graph.adapters.edfi.mapping.addresses import addresses
from student_graph.adapters.model import StudentAddress
from tests.adapters.edfi.mapping.test_records import recorded, student
from tests.adapters.edfi.payloads import STUDENT, row
from tests.subcases import subcases

AGENCY, SCHOOL = 255901, 255901001
STREET = "12 Heron Way"


def kind(code: str) -> str:
    return f"uri://ed-fi.org/AddressTypeDescriptor#{code}"


def address(code: str = "Home", street: str = STREET, **properties: Any) -> dict[str, Any]:
    """An address as JSON."""
    return {
        "addressTypeDescriptor": kind(code),
        "streetNumberName": street,
        "city": "Grand Bend",
        "stateAbbreviationDescriptor": "uri://ed-fi.org/StateAbbreviationDescriptor#TX",
        "postalCode": "00073",
        **properties,
    }


def row_of(organization: int, *recorded: Any) -> dict[str, Any]:
    """A row with addresses as JSON."""
    reference = {"educationOrganizationReference": {"educationOrganizationId": organization}}
    return {"id": f"{organization}", "addresses": list(recorded), **STUDENT, **reference}


def read(*rows: dict[str, Any]) -> list[StudentAddress]:
    """The addresses in a response with rows."""
    response = httpx.Response(200, json=list(rows), request=httpx.Request("GET", "https://ods.gbisd.example"))
    return addresses(student(), api.STUDENT_DIRECTORY_ADDRESSES.read(response))


def streets(*rows: dict[str, Any]) -> list[str]:
    return [record.street for record in read(*rows)]


def test_an_address_is_read_with_all_its_parts() -> None:
    """The state is the code alone; coordinates are not read."""
    [record] = read(row_of(AGENCY, address(apartmentRoomSuiteNumber="7", latitude="29.7")))

    assert record.kind.code_value == "Home"
    assert (record.street, record.apartment, record.city) == (STREET, "7", "Grand Bend")
    assert (record.state, record.postal_code) == ("TX", "00073")
    assert (record.begin_date, record.end_date) == (None, None)
    assert not hasattr(record, "latitude")


def test_an_address_that_must_not_be_published_is_shown_nowhere() -> None:
    """Also not if another organization records the same place, spelled otherwise, without the mark."""
    hidden = row_of(SCHOOL, address(doNotPublishIndicator=True))
    same_site = row_of(
        AGENCY, address("Mailing", "12 heron way.", postalCode="00073-1234"), address(street="1 Mill")
    )

    assert streets(hidden) == []
    assert streets(hidden, same_site) == ["1 Mill"]
    assert streets(row_of(AGENCY, address(doNotPublishIndicator=False))) == [STREET]


@subcases(
    "code",
    [
        "Doubled - up (i.e., living with another family)",
        "Hotels/Motels",
        "Shelters, Transitional housing, Awaiting Foster Care",
        "Unsheltered (e.g. cars, parks, temporary trailer, or abandoned building)",
        "Temporary",
        "Safe house (local)",
    ],
)
def test_an_address_does_not_tell_that_a_student_is_homeless(code: str) -> None:
    """Such a kind belongs to a restricted class of data, and its place is not shown under another kind."""
    assert streets(row_of(AGENCY, address(code), address("Mailing"), address("Physical", "1 Mill"))) == ["1 Mill"]


def test_an_address_of_several_periods_is_several_records() -> None:
    """The earliest comes first; placeholders of a date are none."""
    periods = [
        {"beginDate": "2026-01-05", "endDate": "9999-12-31"},
        {"beginDate": "1899-12-31", "endDate": "2025-06-30"},
        {"beginDate": "1900-01-01"},
    ]

    assert [(record.begin_date, record.end_date) for record in read(row_of(AGENCY, address(periods=periods)))] == [
        (None, date(2025, 6, 30)),
        (date(1900, 1, 1), None),
        (date(2026, 1, 5), None),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"doNotPublishIndicator": "perhaps"},
        {"periods": [{"beginDate": "2021-08-23", "endDate": "someday"}]},
        {"streetNumberName": None},
        {"postalCode": 73},
    ],
)
def test_an_address_that_cannot_be_read_hides_no_other(odd: dict[str, Any]) -> None:
    """It is left out, because it might be one that must not be shown, or one that has ended."""
    assert streets(row_of(AGENCY, address(**odd), address(street="1 Mill")), row_of(SCHOOL)) == ["1 Mill"]


def test_equal_addresses_of_two_organizations_are_one() -> None:
    """An address of another kind at the same place is another one."""
    assert len(read(row_of(AGENCY, address()), row_of(SCHOOL, address(), address("Mailing")))) == 2


def language(code: str, *uses: str) -> dict[str, Any]:
    return {"languageDescriptor": code, "uses": [{"languageUseDescriptor": use} for use in uses]}


def test_a_language_has_all_its_uses() -> None:
    """A language that is sent twice is one; uses are optional."""
    record = to_people.demographics(
        student(),
        [
            recorded(
                AGENCY, languages=[language("spa", "Native"), language("eng"), language("spa", "Home", "Native")]
            )
        ],
        {AGENCY},
    )
    languages = [(part.language.code_value, [use.code_value for use in part.uses]) for part in record.languages]

    assert languages == [("eng", []), ("spa", ["Home", "Native"])]
    assert to_people.demographics(student(), [], set()).languages == []


@pytest.mark.parametrize(
    ("agency", "school", "status"),
    [("NotLimited", "Limited", "NotLimited"), (None, "Limited", "Limited"), (None, None, None)],
)
def test_english_proficiency_is_that_of_the_agency_or_of_a_school(
    agency: str | None, school: str | None, status: str | None
) -> None:
    """A student of whom no organization states it has no record."""
    rows: list[people.StudentDemographics] = [
        recorded(SCHOOL, limitedEnglishProficiencyDescriptor=school),
        recorded(AGENCY, limitedEnglishProficiencyDescriptor=agency),
    ]
    record = to_people.english_proficiency(student(), rows, {AGENCY})

    assert (record and record.status.code_value) == status


def test_rows_of_both_resources_are_read_alike() -> None:
    """Data Standard 6 has addresses in a resource of its own, in the same shape."""
    sent = row_of(AGENCY, address())

    assert row(api.StudentAddresses, **sent).addresses == (
        api.STUDENT_ORGANIZATION_ADDRESSES.rows.validate_python([sent])[0].addresses
    )
