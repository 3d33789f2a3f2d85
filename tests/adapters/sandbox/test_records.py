"""Records are read from a folder as they are, or the folder is refused with the reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from student_graph.adapters.sandbox.records.folder import RecordsError, read_records
from tests.adapters.edfi.reference import SHARED, needs_reference_data

GRAND_BEND = SHARED / "data" / "derived-grand-bend"
ANA = '{"studentUniqueId": "1"}'
USERS = (
    "\ufeffSourceSystemIdentifier,UserRole,LocalUserIdentifier,SISUserIdentifier,Name,EmailAddress\n"
    '7,student,ana,1,"Ana Maria Reyes",ana@example.org\n'
)
SECTIONS = "\ufeffSourceSystemIdentifier,SISSectionIdentifier,Title,SectionDescription\n9,S-1,ALG-1,Algebra I\n"


@needs_reference_data
def test_the_records_of_grand_bend_are_all_there() -> None:
    """960 students, 1,917 events of school days, 21 incidents; 49 children with work in the LMS."""
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
def test_work_in_the_lms_is_as_the_files_say() -> None:
    """Late work is graded and late; missing work was never submitted; accounts carry the district's numbers."""
    records = read_records(GRAND_BEND)
    late = [work for work in records.submissions if work.late]
    missing = [work for work in records.submissions if work.missing]

    assert (len(late), len(missing)) == (146, 41)
    assert {work.state for work in late} == {"graded"}
    assert {work.submitted for work in missing} == {None}
    assert (
        next(account.sortable_name for account in records.accounts if account.sis_id == "604822") == "Woods, Lisa"
    )


def folder_of(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return path


def lms_of(path: Path, users: str = USERS) -> Path:
    for name, text in (("users", users), ("sections", SECTIONS)):
        (path / name).mkdir(parents=True)
        (path / name / "2027-01-01.csv").write_text(text, encoding="utf-8")
    return path


def test_rows_stay_as_they_are(tmp_path: Path) -> None:
    """A row is neither checked nor changed; empty lines count for nothing."""
    records = read_records(folder_of(tmp_path, students='\ufeff{"studentUniqueId": "1", "odd": [null]}\n\n'))

    assert records.resources == {
        "students": [{"studentUniqueId": "1", "odd": [None]}],
        "studentSchoolAssociations": [],
        "studentSectionAssociations": [],
    }
    assert (records.accounts, records.staff, records.lea) == ([], [], 0)


def result(score: str) -> str:
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


def test_results_come_from_bulk_files_too(tmp_path: Path) -> None:
    """A result that only a bulk file has is added once, as the API would serve it; one that is there is not."""
    (tmp_path / "StudentAssessment.xml").write_text(result("18"))
    (tmp_path / "StudentAssessment-2.xml").write_text(result("30"))
    found = read_records(folder_of(tmp_path, students=ANA)).resources["studentAssessments"]
    again = read_records(folder_of(tmp_path, studentAssessments=json.dumps(found[0]))).resources[
        "studentAssessments"
    ]

    assert len(found) == 1
    assert found[0]["studentReference"] == {"studentUniqueId": "1"}
    assert found[0]["scoreResults"][0]["result"] == "30"
    assert found[0]["administrationDate"] == "2021-12-01T16:00:00Z"
    assert found[0]["schoolYearTypeReference"] == {"schoolYear": 2022}
    assert again == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<StudentAssessment>", "line 1: not XML"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "declares a document type"),
        ("<a><StudentAssessment/></a>", "an interchange lacks StudentAssessmentIdentifier"),
    ],
)
def test_a_bulk_file_that_is_none_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """Broken XML, a document type, or a result without its key is refused with the reason."""
    (tmp_path / "StudentAssessment.xml").write_text(text)

    with pytest.raises(RecordsError, match=reason):
        read_records(folder_of(tmp_path, students=ANA))


def test_lms_files_are_found_inside(tmp_path: Path) -> None:
    """A folder `lms` inside the records is read; a byte order mark does not hide the first column."""
    folder_of(tmp_path, students=ANA)
    lms_of(tmp_path / "lms")
    records = read_records(tmp_path)

    assert [(account.id, account.sis_id, account.sortable_name) for account in records.accounts] == [
        (7, "1", "Reyes, Ana Maria")
    ]
    assert [(course.id, course.sis_section, course.members) for course in records.lms_courses] == [(9, "S-1", ())]


def test_lms_files_are_found_beside(tmp_path: Path) -> None:
    """The LMS toolkit's sample beside the records is read, and one given by name wins."""
    (tmp_path / "records").mkdir()
    folder_of(tmp_path / "records", students=ANA)
    lms_of(tmp_path / "edfi-lms-toolkit" / "starter-kit-sample")
    other = lms_of(tmp_path / "other", USERS.replace("7,", "8,"))

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
def test_a_line_that_is_no_object_is_named(tmp_path: Path, text: str, reason: str) -> None:
    """The error names the file and the line, and tells nothing of what it holds."""
    with pytest.raises(RecordsError, match=reason):
        read_records(folder_of(tmp_path, students=text))


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    """Nothing there, a file, a folder without records, bytes that are no text, an LMS folder without users."""
    file = tmp_path / "students.jsonl"
    file.write_bytes(b"\xff\xfe{")
    empty = tmp_path / "empty"
    empty.mkdir()

    with pytest.raises(RecordsError, match="is not a folder"):
        read_records(tmp_path / "nowhere")
    with pytest.raises(RecordsError, match="is not a folder"):
        read_records(file)
    with pytest.raises(RecordsError, match=r"holds no \*\.jsonl files"):
        read_records(empty)
    with pytest.raises(RecordsError, match="not UTF-8 text"):
        read_records(tmp_path)
    file.write_text(ANA)
    with pytest.raises(RecordsError, match="holds no LMS files"):
        read_records(tmp_path, empty)


@pytest.mark.parametrize(
    ("session", "reason"),
    [
        ('{"sessionName": "Fall"}', "a record lacks 'schoolReference', which Ed-Fi requires"),
        ('{"schoolReference": 7}', "another kind of value"),
    ],
)
def test_a_record_of_another_shape_is_refused(tmp_path: Path, session: str, reason: str) -> None:
    """Where a record is read for what it tells, it must be as Ed-Fi spells it; the error names the property."""
    with pytest.raises(RecordsError, match=reason):
        read_records(folder_of(tmp_path, sessions=session))


def test_an_lms_row_that_is_none_is_named(tmp_path: Path) -> None:
    """A file without the kit's columns, or a number that is none, is refused with its place."""
    folder_of(tmp_path, students=ANA)
    lms = lms_of(tmp_path / "lms", USERS.replace("7,", "seven,"))

    with pytest.raises(RecordsError, match=r"lms/users/2027-01-01\.csv, line 2"):
        read_records(tmp_path)
    (lms / "users" / "2027-01-02.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RecordsError, match=r"lms/users/2027-01-02\.csv, line 2"):
        read_records(tmp_path)
