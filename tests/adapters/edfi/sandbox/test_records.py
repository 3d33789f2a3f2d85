"""The Ed-Fi sandbox serves real records from a folder."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.records.derived import DERIVED
from student_graph.adapters.sandbox.records.folder import read_records
from tests.adapters.edfi.asking import asking, every
from tests.adapters.edfi.reference import SHARED, needs_shared

FOLDER = SHARED / "data" / "derived-grand-bend"


@needs_shared
def test_the_numbers_of_grand_bend() -> None:
    """243 stays are derived and marked so; bus, test and events are as in the files."""
    with asking(EdFiSandbox(read_records(FOLDER))) as client:
        derived = every(client, "studentSchoolAssociations")
        students = {row["studentUniqueId"] for row in every(client, "students")}
        bus = every(client, "studentTransportations", studentUniqueId="604822")[0]
        act = every(client, "studentAssessments", studentUniqueId="605123")
        events = every(client, "studentSchoolAttendanceEvents")
        incidents = every(client, "disciplineIncidents")

    assert (len(students), len(events), len(incidents)) == (960, 1917, 21)
    assert len({row["studentReference"]["studentUniqueId"] for row in derived} & students) == len(derived) == 243
    assert {row["entryTypeDescriptor"] for row in derived} == {DERIVED}
    assert bus["studentBusDetails"]["busNumber"] == "Bus 101"
    composite = [score["result"] for row in act for score in row["scoreResults"] if is_composite(score)]
    assert composite == ["18", "27"]


def is_composite(score: dict[str, Any]) -> bool:
    return str(score["assessmentReportingMethodDescriptor"]).endswith("#Composite Score")
