"""Who asks, and what two viewers have in common."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from adapters.model import DistrictId, Sensitivity, StaffId, StudentId
from resolvers.context import Viewer, ViewerRole

ADA = Viewer("ada", ViewerRole.TEACHER, frozenset({DistrictId("hill")}), staff_id=StaffId("207219"))
OTHER: dict[str, Any] = {
    "role": ViewerRole.PRINCIPAL,
    "districts": frozenset({DistrictId("dale")}),
    "grants": frozenset({Sensitivity.CONTACT}),
    "staff_id": StaffId("1"),
    "student_id": StudentId("1"),
    "contact_id": "1",
    "children": frozenset({StudentId("1")}),
    "operator": True,
}


def test_the_scope_key_holds_all_but_the_name() -> None:
    """Two viewers who differ in anything but their name do not share what was answered."""
    assert {field.name for field in fields(Viewer)} == {"subject", *OTHER}
    assert replace(ADA, subject="ben").scope_key == ADA.scope_key
    assert [name for name in OTHER if replace(ADA, **{name: OTHER[name]}).scope_key == ADA.scope_key] == []
