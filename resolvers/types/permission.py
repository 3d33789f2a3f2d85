"""Why a viewer may see a student, and which classes of the student's data."""

from __future__ import annotations

from enum import Enum

import strawberry

from student_graph.adapters.answers import Ref
from student_graph.adapters.model import DistrictId, Sensitivity, StudentId
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.docstrings import described, described_enum, own_docstrings
from student_graph.resolvers.fields.ids import GlobalId, encode
from student_graph.resolvers.student_list.filter import visible_district


@strawberry.enum
class ReachKind(Enum):
    """How a viewer is connected to a student."""

    DISTRICT = "district"
    """The viewer is responsible for all students of the district."""
    SCHOOL = "school"
    """The student is enrolled today at a school that the viewer is responsible for."""
    SECTION = "section"
    """The student is enrolled today in a section that the viewer teaches or assists in."""
    CASELOAD = "caseload"
    """The student is on a caseload of the viewer."""
    CONTACT = "contact"
    """The viewer has a parent's rights in the student's education."""
    EMERGENCY = "emergency"
    """The viewer used break-glass access for the student's health or safety."""
    SELF = "self"
    """The viewer is the student."""


described_enum(ReachKind)

REASON_TEXTS = own_docstrings(ReachKind)
"""Sentence for each kind of reason, by its name: the descriptions above."""

NODE_TYPES = {ReachKind.SCHOOL: "School", ReachKind.SECTION: "Section"}
"""GraphQL type of the record behind a reason, for reasons that have one."""


@described
@strawberry.type
class Reason:
    """One reason why a viewer may see a student."""

    kind: ReachKind
    """How the viewer is connected to the student."""
    text: str
    """The reason as a sentence to show to people."""
    id: strawberry.ID | None = None
    """Global id of the school or section; null for other kinds of reasons."""


@described
@strawberry.type
class ClassPermission:
    """Whether a viewer may see one class of a student's data."""

    sensitivity: Sensitivity
    """The class of data."""
    allowed: bool
    """Whether the viewer may see data of this class."""
    text: str
    """Why or why not, as a sentence to show to people."""


@described
@strawberry.type
class Permission:
    """Whether and why a viewer may see a student, and which classes of the student's data."""

    allowed: bool
    """
    Whether the viewer may see the student. Also false if no such student exists.

    For a viewer of all students of the district it is always true, because no student is looked up.
    """
    reasons: list[Reason]
    """All reasons why the viewer may see the student; empty if not allowed."""
    classes: list[ClassPermission]
    """One entry for each class of data; empty if the viewer may not see the student."""


async def permission(info: Info, student_node: GlobalId) -> Permission:
    """
    Whether and why the viewer may see the student with a global id.

    Raises:
        AdapterError: no source could say which students the viewer may see.
    """
    district, student = visible_district(info.context, student_node.district), StudentId(student_node.key)
    if district is None:
        return Permission(allowed=False, reasons=[], classes=[])
    reach = await info.context.reach(district.id)
    if not reach.contains(student):
        return Permission(allowed=False, reasons=[], classes=[])
    refs = [Ref("district", district.id)] if reach.everybody else reach.refs_of(student)
    rights = info.context.viewer.rights_in(district)
    return Permission(
        allowed=True,
        reasons=[_reason(district.id, ref) for ref in refs],
        classes=[
            _class_permission(
                sensitivity,
                student,
                visible=rights.visible_students(sensitivity, reach),
                of_some=rights.allow(sensitivity),
            )
            for sensitivity in Sensitivity
        ],
    )


def _reason(district: DistrictId, ref: Ref) -> Reason:
    kind = ReachKind(ref.kind)
    node_type = NODE_TYPES.get(kind)
    id_ = strawberry.ID(encode(GlobalId(node_type, district, ref.key))) if node_type else None
    return Reason(kind=kind, text=REASON_TEXTS[kind.name], id=id_)


def _class_permission(
    sensitivity: Sensitivity, student: StudentId, *, visible: frozenset[StudentId] | None, of_some: bool
) -> ClassPermission:
    """
    The permission for a class of data of a student within reach.

    The viewer may see records of the class about `visible` students, None for all. `of_some` says whether the
    class is granted for some students at least.
    """
    allowed = visible is None or student in visible
    if sensitivity is Sensitivity.OPEN:
        text = "Visible to everyone who may see the student."
    elif allowed:
        text = "Granted to the viewer."
    elif of_some:
        text = "Granted to the viewer for other students only."
    else:
        text = "Not granted to the viewer."
    return ClassPermission(sensitivity=sensitivity, allowed=allowed, text=text)
