"""How the demo links the users of vendors to students."""

from __future__ import annotations

from student_graph.adapters.identity import UNIQUE_ID_SYSTEM, IdentityRule, IdentityRules

LINK_BY_TWO_NUMBERS = IdentityRules(
    students=(IdentityRule(field="identifier"), IdentityRule(field="userIds.State", system="State")),
    confirm=("birth_date", "family_name"),
)
"""Links an assessment vendor's users by two numbers; family name and birth date must agree."""
LINK_BY_ANY_NUMBER = IdentityRules(
    students=tuple(
        IdentityRule(field=name, system=UNIQUE_ID_SYSTEM)
        for name in ("userIds.State", "userIds.Secondary", "identifier")
    ),
    confirm=(),
)
"""
Links the users of vendors' sample files: every number in the files is a student number of the district.

Names and birth dates cannot confirm a link, because the files are anonymized.
"""
RECORDS_CONFIRM = ("family_name",)
"""Confirms the links of the LMS in a folder of records, whose students have no e-mail addresses in the SIS."""
