"""Members of staff who are known by the address with which they sign in: Ed-Fi cannot be searched by it."""

from __future__ import annotations

import pytest

from student_graph.adapters.model import PersonName, Staff, StaffId
from student_graph.resolvers.context import ViewerRole
from tests.gateway.authorization.test_reach import Office, viewer
from tests.resolvers.two_districts import CEDAR


@pytest.mark.parametrize(("email", "seen"), [
    ("ada@hill.example", {"1", "4", "5"}),
    ("shared@hill.example", set()),
    ("nobody@hill.example", set()),
])  # fmt: skip
async def test_a_member_of_staff_is_known_by_an_address_that_is_just_theirs(email: str, seen: set[str]) -> None:
    """However it is spelled in the SIS; an address of two, or of nobody, is no number."""
    office = Office()
    name = PersonName(first_name="A", last_name="B")
    office.shelf.answers["staff_by_district"] = {
        CEDAR: [
            Staff(vendor_id=one, staff_id=StaffId(one), name=name, emails=emails)
            for one, emails in (
                ("7", ("Ada@Hill.example", "shared@hill.example")),
                ("8", ("shared@hill.example",)),
            )
        ]
    }
    office = Office(shelf=office.shelf)
    assert await office.seen(viewer(ViewerRole.TEACHER, email=email)) == seen
