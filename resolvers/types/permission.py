"""Why a viewer may see a student, and which classes of data of one."""

from __future__ import annotations

from enum import Enum

import strawberry

from student_graph.adapters.answers import Ref
from student_graph.adapters.model import Sensitivity, StudentId
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.docstrings import described, described_enum
from student_graph.resolvers.fields.ids import GlobalId, encode
from student_graph.resolvers.student_list.filter import visible


@strawberry.enum
class ReachKind(Enum):
    """Through what a viewer reaches a student."""

    DISTRICT = "district"
    SCHOOL = "school"
    SECTION = "section"
    CASELOAD = "caseload"
    CONTACT = "contact"
    EMERGENCY = "emergency"
    SELF = "self"


described_enum(ReachKind)

TOLD = {
    ReachKind.DISTRICT: "The viewer answers for all students of the district.",
    ReachKind.SCHOOL: "The student is enrolled today at a school in the viewer's charge.",
    ReachKind.SECTION: "The student has a place today in a section that the viewer teaches.",
    ReachKind.CASELOAD: "The student is on a caseload of the viewer.",
    ReachKind.CONTACT: "The viewer has a parent's rights in the student's education.",
    ReachKind.EMERGENCY: "It was opened for the student's health or safety.",
    ReachKind.SELF: "The viewer is the student.",
}
NODES = {ReachKind.SCHOOL: "School", ReachKind.SECTION: "Section"}


@described
@strawberry.type
class Reason:
    """One reason why a viewer may see a student."""

    kind: ReachKind
    """Through what the student is reached."""
    text: str
    """The same as a sentence."""
    id: strawberry.ID | None = None
    """Global id of the section or school; null for other reasons."""


@described
@strawberry.type
class ClassPermission:
    """Whether a viewer may see a class of data of a student."""

    sensitivity: Sensitivity
    """The class of data."""
    allowed: bool
    """Whether the viewer may see it."""
    text: str
    """Why, or why not, as a sentence."""


@described
@strawberry.type
class Permission:
    """Why a viewer may see a student, or that the viewer may not."""

    allowed: bool
    """Whether the student is the viewer's to see; false also for students who do not exist."""
    reasons: list[Reason]
    """All reasons; empty when the viewer may not."""
    classes: list[ClassPermission]
    """Every class of data; empty when the viewer may not see the student."""


async def permission(info: Info, named: GlobalId) -> Permission:
    """
    Why the viewer may see a student.

    Raises:
        AdapterError: it could not be found out whom the viewer may see.
    """
    district, student = visible(info.context, named.district), StudentId(named.key)
    if district is None:
        return Permission(allowed=False, reasons=[], classes=[])
    reach = await info.context.reach(district.id)
    if not reach.has(student):
        return Permission(allowed=False, reasons=[], classes=[])
    refs = [Ref("district", district.id)] if reach.everybody else reach.why(student)
    viewer, today = info.context.viewer, district.today()
    holding = [grant for grant in viewer.grants if grant.holds(district.id, today, viewer.purpose)]
    whole = {each for grant in holding if not grant.bounded for each in grant.classes}
    return Permission(
        allowed=True,
        reasons=[_reason(named, ref) for ref in refs],
        classes=[_verdict(each, each in whole, reach.bounded.get(each), student) for each in Sensitivity],
    )


def _reason(named: GlobalId, ref: Ref) -> Reason:
    kind = ReachKind(ref.kind)
    type_ = NODES.get(kind)
    id_ = strawberry.ID(encode(GlobalId(type_, named.district, ref.key))) if type_ else None
    return Reason(kind=kind, text=TOLD[kind], id=id_)


def _verdict(
    each: Sensitivity, whole: bool, bounded: frozenset[StudentId] | None, student: StudentId
) -> ClassPermission:
    if each is Sensitivity.OPEN:
        return ClassPermission(sensitivity=each, allowed=True, text="Open to whoever may see the student.")
    if whole or (bounded is not None and student in bounded):
        return ClassPermission(sensitivity=each, allowed=True, text="Granted to the viewer.")
    text = "Not granted to the viewer." if bounded is None else "Granted to the viewer for other students only."
    return ClassPermission(sensitivity=each, allowed=False, text=text)
