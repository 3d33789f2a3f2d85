"""Tests of reading a folder of records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from student_graph.adapters.sandbox.records.folder import RecordsError, read_records
from tests.adapters.edfi.reference import SHARED, needs_reference_data

GRAND_BEND = SHARED / "data" / "derived-grand-bend"
STUDENT_ANA = '{"studentUniqueId": "1"}'
USERS_CSV = (
    "\ufeffSourceSystemIdentifier,UserRole,LocalUserIdentifier,SISUserIdentifier,Name,EmailAddress\n"
    '7,student,ana,1,"Ana Maria Reyes",ana@example.org\n'
)
SECTIONS_CSV = (
    "\ufeffSourceSystemIdentifier,SISSectionIdentifier,Title,SectionDescription\n9,S-1,ALG-1,Algebra I\n"
)


@needs_reference_data
def test_the_records_of_grand_bend_are_complete() -> None:
    """There are 960 students, 1,917 attendance events, 21 incidents, and 49 students with work in the LMS."""
    records = read_records(GRAND_BEND)
    counts = {name: len(rows) for name, rows in records.resources.items()}

    assert (counts["students"], counts["schools"], counts["disciplineIncidents"]) == (960, 3, 21)
    assert counts["studentSchoolAttendanceEvents"] == 1917
    assert (records.lea, records.name, records.year) == (255901, "Grand Bend ISD", 2022)
    assert records.now == datetime(2022, 5, 27, 12, tzinfo=UTC)
    assert len({work.account for work in records.submissions}) == len(records.accounts) == 49
    assert (len(records.lms_courses), len(records.assignments), len(records.submissions)) == (6, 24, 901)
    assert "Superintendent" in {person.classification for person in records.staff}


@needs_reference_data
def test_lms_work_is_as_in_the_files() -> None:
    """Late work is graded, missing work is not submitted, and accounts have the district's numbers."""
    records = read_records(GRAND_BEND)
    late = [work for work in records.submissions if work.late]
    missing = [work for work in records.submissions if work.missing]

    assert (len(late), len(missing)) == (146, 41)
    assert {work.state for work in late} == {"graded"}
    assert {work.submitted for work in missing} == {None}
    assert (
        next(account.sortable_name for account in records.accounts if account.sis_id == "604822") == "Woods, Lisa"
    )


def write_folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return path


def write_lms_folder(path: Path, users: str = USERS_CSV) -> Path:
    for name, text in (("users", users), ("sections", SECTIONS_CSV)):
        (path / name).mkdir(parents=True)
        (path / name / "2027-01-01.csv").write_text(text, encoding="utf-8")
    return path


def test_rows_are_unchanged(tmp_path: Path) -> None:
    """A row is neither checked nor changed, and empty lines are ignored."""
    records = read_records(write_folder(tmp_path, students='\ufeff{"studentUniqueId": "1", "odd": [null]}\n\n'))

    assert records.resources == {
        "students": [{"studentUniqueId": "1", "odd": [None]}],
        "studentSchoolAssociations": [],
        "studentSectionAssociations": [],
    }
    assert (records.accounts, records.staff, records.lea) == ([], [], 0)


def result_xml(score: str) -> str:
    return f"""<InterchangeStudentAssessment xmlns="http://ed-fi.org/5.2.0"><StudentAssessment>
      <StudentAssessmentIdentifier>r1</StudentAssessmentIdentifier>
      <AdministrationDate>2021-12-01T16:00:00</AdministrationDate>
      <ScoreResult><Result>{score}</Result><ResultDatatypeType>#Integer</ResultDatatypeType>
        <AssessmentReportingMethod>#Composite Score</AssessmentReportingMethod></ScoreResult>
      <WhenAssessedGradeLevel>#Eleventh grade</WhenAssessedGradeLevel>
      <StudentReference><StudentIdentity><StudentUniqueId>1</StudentUniqueId></StudentIdentity></StudentReference>
      <AssessmentReference><AssessmentIdentity><AssessmentIdentifier>ACT</AssessmentIdentifier>
        <Namespace>uri://ed-fi.org</Namespace></AssessmentIdentity></AssessmentReference>
      <SchoolYear>2021-2022</SchoolYear></StudentAssessment></InterchangeStudentAssessment>"""


def test_results_are_also_read_from_bulk_files(tmp_path: Path) -> None:
    """A result in a bulk file is added once, as the API would serve it, if it is not in the records."""
    (tmp_path / "StudentAssessment.xml").write_text(result_xml("18"))
    (tmp_path / "StudentAssessment-2.xml").write_text(result_xml("30"))
    results = read_records(write_folder(tmp_path, students=STUDENT_ANA)).resources["studentAssessments"]
    read_again = read_records(write_folder(tmp_path, studentAssessments=json.dumps(results[0]))).resources[
        "studentAssessments"
    ]

    assert len(results) == 1
    assert results[0]["studentReference"] == {"studentUniqueId": "1"}
    assert results[0]["scoreResults"][0]["result"] == "30"
    assert results[0]["administrationDate"] == "2021-12-01T16:00:00Z"
    assert results[0]["schoolYearTypeReference"] == {"schoolYear": 2022}
    assert read_again == results


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<StudentAssessment>", "line 1: not XML"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "declares a document type"),
        ("<a><StudentAssessment/></a>", "an interchange lacks StudentAssessmentIdentifier"),
    ],
)
def test_an_invalid_bulk_file_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """Malformed XML, a document type, or a result without its key is an error with the reason."""
    (tmp_path / "StudentAssessment.xml").write_text(text)

    with pytest.raises(RecordsError, match=reason):
        read_records(write_folder(tmp_path, students=STUDENT_ANA))


def test_lms_files_in_the_folder_are_read(tmp_path: Path) -> None:
    """The subfolder `lms` is read, also with a byte order mark before the first column."""
    write_folder(tmp_path, students=STUDENT_ANA)
    write_lms_folder(tmp_path / "lms")
    records = read_records(tmp_path)

    assert [(account.id, account.sis_id, account.sortable_name) for account in records.accounts] == [
        (7, "1", "Reyes, Ana Maria")
    ]
    assert [(course.id, course.sis_section, course.members) for course in records.lms_courses] == [(9, "S-1", ())]


def test_lms_files_next_to_the_folder_are_read(tmp_path: Path) -> None:
    """The LMS Toolkit's sample next to the folder is read, unless another LMS folder is named."""
    (tmp_path / "records").mkdir()
    write_folder(tmp_path / "records", students=STUDENT_ANA)
    write_lms_folder(tmp_path / "edfi-lms-toolkit" / "starter-kit-sample")
    other = write_lms_folder(tmp_path / "other", USERS_CSV.replace("7,", "8,"))

    assert [account.id for account in read_records(tmp_path / "records").accounts] == [7]
    assert [account.id for account in read_records(tmp_path / "records", other).accounts] == [8]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1}\n[1]', r"students\.jsonl, line 2: not a JSON object"),
        ('{"a": NaN}', r"students\.jsonl, line 1: not a JSON object"),
        ("\n{", r"students\.jsonl, line 2: not a JSON object"),
    ],
)
def test_a_line_that_is_not_an_object_is_an_error(tmp_path: Path, text: str, reason: str) -> None:
    """The error names the file and the line, and does not show the content."""
    with pytest.raises(RecordsError, match=reason):
        read_records(write_folder(tmp_path, students=text))


def test_an_invalid_folder_is_refused(tmp_path: Path) -> None:
    """A missing folder, a file, an empty folder, invalid UTF-8, and an LMS folder without users are errors."""
    file = tmp_path / "students.jsonl"
    file.write_bytes(b"\xff\xfe{")
    empty = tmp_path / "empty"
    empty.mkdir()

    with pytest.raises(RecordsError, match="is not a folder"):
        read_records(tmp_path / "missing")
    with pytest.raises(RecordsError, match="is not a folder"):
        read_records(file)
    with pytest.raises(RecordsError, match=r"holds no \*\.jsonl files"):
        read_records(empty)
    with pytest.raises(RecordsError, match="not UTF-8 text"):
        read_records(tmp_path)
    file.write_text(STUDENT_ANA)
    with pytest.raises(RecordsError, match="holds no LMS files"):
        read_records(tmp_path, empty)


@pytest.mark.parametrize(
    ("session", "reason"),
    [
        ('{"sessionName": "Fall"}', "a record lacks 'schoolReference', which Ed-Fi requires"),
        ('{"schoolReference": 7}', "another kind of value"),
    ],
)
def test_an_invalid_record_is_refused(tmp_path: Path, session: str, reason: str) -> None:
    """A record that the reader uses must have Ed-Fi's properties; the error names the missing one."""
    with pytest.raises(RecordsError, match=reason):
        read_records(write_folder(tmp_path, sessions=session))


def test_an_invalid_lms_row_is_an_error(tmp_path: Path) -> None:
    """A file without the toolkit's columns, or with an invalid number, is an error with the file and the line."""
    write_folder(tmp_path, students=STUDENT_ANA)
    lms = write_lms_folder(tmp_path / "lms", USERS_CSV.replace("7,", "seven,"))

    with pytest.raises(RecordsError, match=r"lms/users/2027-01-01\.csv, line 2"):
        read_records(tmp_path)
    (lms / "users" / "2027-01-02.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RecordsError, match=r"lms/users/2027-01-02\.csv, line 2"):
        read_records(tmp_path)
