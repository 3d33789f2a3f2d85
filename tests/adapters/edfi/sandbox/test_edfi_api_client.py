"""Education Analytics' published `edfi-api-client` reads the Ed-Fi sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from student_graph.adapters.edfi.sandbox import DataStandard, EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served

if TYPE_CHECKING:
    from edfi_api_client import EdFiClient

FACTS = make_district(120)


def client_of(sandbox: EdFiSandbox) -> EdFiClient:
    """The client with the credentials of the sandbox."""
    from edfi_api_client import EdFiClient  # noqa: PLC0415 - slow to import, and few processes need it

    settings = sandbox.settings()
    return EdFiClient(settings["base_url"], settings["client_id"], settings["client_secret"])


@pytest.mark.parametrize(("standard", "version"), [("3.3", "5.3"), ("4.0", "6.2"), ("5.0", "7.1"), ("5.1", "7.3")])
def test_the_client_reads_every_row(standard: DataStandard, version: str) -> None:
    """It pages by offset, or by cursor from 7.3 on, and reads each student once; the total count agrees."""
    sandbox = EdFiSandbox(FACTS, standard)
    with served(sandbox):
        client = client_of(sandbox)
        students = client.resource("students")
        rows = list(students.get_rows(page_size=50))

        assert client.get_ods_version() == version
        assert students.get_total_count() == 120
    assert sorted(row["studentUniqueId"] for row in rows) == sorted(student.id for student in FACTS.students)


def test_it_filters_and_reads_by_id() -> None:
    """The client reads the enrollments of one student, and a row by its id."""
    student_id = FACTS.special_cases["dual_enrollment"][0]
    sandbox = EdFiSandbox(FACTS)
    with served(sandbox):
        client = client_of(sandbox)
        enrollments = client.resource("studentSchoolAssociations", params={"studentUniqueId": student_id}).get()
        row = client.resource("studentSchoolAssociations").get_by_id(enrollments[0]["id"])

    assert len({enrollment["schoolReference"]["schoolId"] for enrollment in enrollments}) == 2
    assert row == enrollments[0]


def test_it_reads_token_information_and_versions() -> None:
    """The client reads what its token may read, the version of the data model and the newest change version."""
    sandbox = EdFiSandbox(FACTS)
    with served(sandbox):
        client = client_of(sandbox)

        assert client.get_token_info()["client_id"] == "sandbox-key"
        assert client.get_data_model_version() == "5.1.0"
        assert client.get_newest_change_version() == sandbox.newest_change_version


def test_it_distinguishes_errors() -> None:
    """Wrong credentials, a resource that does not exist and an id that names nothing have their own status."""
    from edfi_api_client import EdFiClient  # noqa: PLC0415 - slow to import, and few processes need it
    from requests.exceptions import HTTPError  # noqa: PLC0415 - slow to import, and few processes need it

    sandbox = EdFiSandbox(FACTS)
    with served(sandbox):
        stranger = EdFiClient(sandbox.settings()["base_url"], "sandbox-key", "wrong")
        client = client_of(sandbox)
        with pytest.raises(HTTPError) as refused:
            stranger.connect()
        with pytest.raises(HTTPError) as missing:
            client.resource("studentHoroscopes").get()
        with pytest.raises(HTTPError) as unknown:
            client.resource("students").get_by_id("0" * 32)

    assert [error.value.response.status_code for error in (refused, missing, unknown)] == [401, 404, 404]
