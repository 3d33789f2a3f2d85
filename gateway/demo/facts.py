"""The facts of the demo's districts: made up, or read from a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.assessment_files import FOLDER, read_assessment_files
from student_graph.adapters.sandbox.records.folder import read_records

ONEROSTER_DISTRICT = "Juniper Flats School District", 390055
"""Name and agency number of the district on OneRoster."""
CLASSROOM_DISTRICT = "Sagebrush Valley School District", 390068
"""Name and agency number of the district whose learning management system is Google Classroom."""
MOODLE_DISTRICT = "Switchgrass Plains School District", 390094
"""Name and agency number of the district whose learning management system is Moodle."""
FILES_DISTRICT = "Saltgrass Independent School District", 390088
"""Name and agency number of the district whose roster and test results are files."""
POWERSCHOOL_DISTRICT = "Blue Mesa School District", 390097
"""Name and agency number of the district on PowerSchool."""
AERIES_DISTRICT = "Coyote Brush Unified School District", 390102
"""Name and agency number of the district on Aeries."""


def generate(students: int, seed: int, *name_and_agency: Any) -> DistrictFacts:
    """
    Make a district up.

    Raises:
        SettingsError: a district cannot have so few or so many students.
    """
    try:
        return make_district(students, seed, *name_and_agency)
    except ValueError as exc:
        raise SettingsError(f"--students: {exc}") from None


def read_edfi_records(folder: Path) -> DistrictFacts:
    """
    Read the records of a folder.

    Raises:
        SettingsError: they cannot be read.
    """
    try:
        return read_records(folder)
    except OSError as exc:
        raise SettingsError(f"--records: {exc.filename}: {exc.strerror}") from None
    except ValueError as exc:
        raise SettingsError(f"--records: {exc}") from None


def read_assessment_vendors(records: Path, district: DistrictFacts) -> dict[str, DistrictFacts]:
    """
    Return test results by assessment vendor, from a folder of files that is in the records' folder or next to it.

    Raises:
        SettingsError: the files cannot be read.
    """
    folders = (records / FOLDER, records.resolve().parent / FOLDER)
    folder = next((folder for folder in folders if folder.is_dir()), None)
    if folder is None:
        return {}
    try:
        return read_assessment_files(folder, district)
    except (OSError, ValueError) as exc:
        raise SettingsError(f"--records: {exc}") from None
