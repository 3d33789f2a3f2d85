"""The Ed-Fi sandbox serves real records from a folder."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.records.derived_enrollments import DERIVED
from student_graph.adapters.sandbox.records.folder import read_records
from tests.adapters.edfi.reference import SHARED, needs_reference_data
from tests.adapters.edfi.sandbox_client import all_rows, connected_client

FOLDER = SHARED / "data" / "derived-grand-bend"


@needs_reference_data
def test_the_records_of_grand_bend_are_served() -> None:
    """243 enrollments are derived and marked as derived; buses, tests and events are those of the files."""
    with connected_client(EdFiSandbox(read_records(FOLDER))) as client:
        derived = all_rows(client, "studentSchoolAssociations")
        students = {row["studentUniqueId"] for row in all_rows(client, "students")}
        bus = all_rows(client, "studentTransportations", studentUniqueId="604822")[0]
        act = all_rows(client, "studentAssessments", studentUniqueId="605123")
        events = all_rows(client, "studentSchoolAttendanceEvents")
        incidents = all_rows(client, "disciplineIncidents")

    assert (len(students), len(events), len(incidents)) == (960, 1917, 21)
    assert len({row["studentReference"]["studentUniqueId"] for row in derived} & students) == len(derived) == 243
    assert {row["entryTypeDescriptor"] for row in derived} == {DERIVED}
    assert bus["studentBusDetails"]["busNumber"] == "Bus 101"
    composite = [score["result"] for row in act for score in row["scoreResults"] if is_composite(score)]
    assert composite == ["18", "27"]


def is_composite(score: dict[str, Any]) -> bool:
    return str(score["assessmentReportingMethodDescriptor"]).endswith("#Composite Score")
