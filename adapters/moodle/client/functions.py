"""The functions of Moodle that the adapter calls, and the form of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = str | int
Parameter: TypeAlias = Value | Sequence["Value | Mapping[str, Value]"]
"""A value, a list of values, or a list of structures."""

SITE_INFO = "core_webservice_get_site_info"
USERS = "core_user_get_users_by_field"
USERS_COURSES = "core_enrol_get_users_courses"
ENROLLED_USERS = "core_enrol_get_enrolled_users"
COURSES = "core_course_get_courses_by_field"
ASSIGNMENTS = "mod_assign_get_assignments"
SUBMISSIONS = "mod_assign_get_submissions"
USER_FLAGS = "mod_assign_get_user_flags"
GRADE_ITEMS = "gradereport_user_get_grade_items"

FUNCTIONS = (
    SITE_INFO,
    USERS,
    USERS_COURSES,
    ENROLLED_USERS,
    COURSES,
    ASSIGNMENTS,
    SUBMISSIONS,
    USER_FLAGS,
    GRADE_ITEMS,
)
"""The functions that the service of the token must have. None of them changes anything."""


def form_fields(parameters: Mapping[str, Parameter]) -> dict[str, str]:
    """The parameters as fields of a form, in the brackets of PHP: `options[0][name]`."""
    return {
        name: str(value) for field, parameter in parameters.items() for name, value in _fields(field, parameter)
    }


def _fields(name: str, parameter: Parameter) -> Iterator[tuple[str, Value]]:
    if isinstance(parameter, str | int):
        yield name, parameter
        return
    for index, element in enumerate(parameter):
        if isinstance(element, Mapping):
            yield from ((f"{name}[{index}][{key}]", value) for key, value in element.items())
        else:
            yield f"{name}[{index}]", element
