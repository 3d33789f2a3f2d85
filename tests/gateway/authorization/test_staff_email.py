"""Staff members found by the e-mail address of their token: Ed-Fi has no search by address."""

from __future__ import annotations

import pytest

from student_graph.adapters.model import PersonName, Staff, StaffId
from student_graph.resolvers.context import ViewerRole
from tests.gateway.authorization.reach_harness import ReachHarness, district_records, viewer
from tests.resolvers.two_districts import CEDAR


def staff(number: str, *emails: str) -> Staff:
    """A staff member with e-mail addresses."""
    name = PersonName(first_name="A", last_name="B")
    return Staff(vendor_id=number, staff_id=StaffId(number), name=name, emails=emails)


@pytest.mark.parametrize(("email", "students"), [
    ("ada@hill.example", {"1", "4", "5"}),
    ("shared@hill.example", set()),
    ("nobody@hill.example", set()),
])  # fmt: skip
async def test_an_email_address_identifies_its_only_staff_member(email: str, students: set[str]) -> None:
    """Letter case does not matter. An address of two members, or of none, identifies nobody."""
    records = district_records()
    records.answers["staff_by_district"] = {
        CEDAR: [staff("7", "Ada@Hill.example", "shared@hill.example"), staff("8", "shared@hill.example")]
    }
    harness = ReachHarness(records=records)
    assert await harness.visible_students(viewer(ViewerRole.TEACHER, email=email)) == students
