"""The functions of the web services, over the facts of a district."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from student_graph.adapters.moodle.client import functions
from student_graph.adapters.moodle.sandbox import serializers
from student_graph.adapters.moodle.sandbox.gradebook import account_grades, user_grades
from student_graph.adapters.moodle.sandbox.index import Index
from student_graph.adapters.moodle.sandbox.parameters import Parameters, integer, integers, options, values
from student_graph.adapters.moodle.sandbox.responses import Json, MoodleError, missing_record
from student_graph.adapters.sandbox.facts import DistrictFacts, LmsAccountFact, LmsCourseFact
from student_graph.adapters.sandbox.serving import Switches

ENDED_SECONDS = 1_700_000_000
"""The end of a course that is over, in seconds since 1970: November 2023."""
ACCOUNT_ID = 2
"""The user id of the token's account, which is in no course."""
COURSES = "core_course_get_courses"
"""A function that the adapter does not call: it shows courses only to accounts that may see all of them."""


class Functions:
    """The functions, by name, with what the account of the token sees."""

    def __init__(
        self,
        facts: DistrictFacts,
        switches: Switches,
        *,
        service: Collection[str],
        hidden: Collection[int],
        ended: Collection[int],
        manages_courses: bool,
    ) -> None:
        """Serve the facts; see `MoodleSandbox`."""
        self._index = Index(facts)
        self._switches = switches
        self._service, self._hidden, self._ended = service, hidden, ended
        self._manages_courses = manages_courses
        self.table: dict[str, Callable[[Parameters], Any]] = {
            functions.SITE_INFO: self._site_info,
            functions.USERS: self._users,
            functions.USERS_COURSES: self._users_courses,
            functions.ENROLLED_USERS: self._enrolled_users,
            functions.COURSES: self._courses_by_field,
            COURSES: self._courses,
            functions.ASSIGNMENTS: self._assignments,
            functions.SUBMISSIONS: self._submissions,
            functions.USER_FLAGS: self._user_flags,
            functions.GRADE_ITEMS: self._grade_items,
        }

    def _site_info(self, _: Parameters) -> Json:
        return serializers.site_info(ACCOUNT_ID, self._service)

    def _users(self, parameters: Parameters) -> list[Json]:
        field = parameters.get("field")
        if field not in ("id", "idnumber", "username", "email"):
            raise MoodleError("invalid_parameter_exception", "invalidparameter", "Invalid field")
        # Databases of Moodle ignore letter case in comparisons of texts.
        keys = {text.casefold() for text in values(parameters, "values")}
        rows = [serializers.user(account) for account in self._index.accounts.values()]
        return self._switches.shown([row for row in rows if str(row.get(field, "")).casefold() in keys])

    def _users_courses(self, parameters: Parameters) -> list[Json]:
        account = self._account(integer(parameters, "userid"))
        courses = [course for course in self._index.courses_of[account.id] if self._visible(course)]
        return self._switches.shown(
            [
                serializers.users_course(course, visible=True, ended_at=self._ended_at(course))
                for course in reversed(courses)
            ]
        )

    def _enrolled_users(self, parameters: Parameters) -> list[Json]:
        course = self._course(integer(parameters, "courseid"))
        chosen = options(parameters)
        accounts = self._index.active(course)
        if chosen.get("onlyactive") != "1":
            accounts = [*accounts, *self._index.suspended(course)]
        rows = self._switches.shown(accounts)
        if limit := int(chosen.get("limitnumber", 0)):
            start = int(chosen.get("limitfrom", 0))
            rows = rows[start : start + self._switches.clamp(limit)]
        visible = [id for id, fact in self._index.courses.items() if self._visible(fact)]
        users = [serializers.enrolled_user(self._index, course, account, visible) for account in rows]
        fields = chosen.get("userfields")
        if fields is None:
            return users
        names = {"id", "fullname", *fields.split(",")}
        return [{name: value for name, value in user.items() if name in names} for user in users]

    def _courses(self, _: Parameters) -> list[Json]:
        courses = self._index.courses.values()
        return [serializers.site_course(), *(self._public(course) for course in courses)]

    def _courses_by_field(self, parameters: Parameters) -> Json:
        field, value = parameters.get("field", ""), str(parameters.get("value", ""))
        courses = [
            course for course in self._index.courses.values() if self._visible(course) or self._manages_courses
        ]
        rows: list[Json] = []
        match field:
            case "":
                rows = [serializers.site_course(), *map(self._public, courses)]
            case "id" | "ids":
                ids = value.split(",")
                rows = [self._public(course) for course in courses if str(course.id) in ids]
            case "idnumber":
                rows = [self._public(course) for course in courses if _is(course.sis_section, value)]
            case "shortname":
                rows = [self._public(course) for course in courses if _is(serializers.shortname(course), value)]
            case _:
                raise MoodleError("invalid_parameter_exception", "invalidparameter", "Invalid field name")
        return {"courses": self._switches.shown(rows), "warnings": []}

    def _assignments(self, parameters: Parameters) -> Json:
        courses: list[Json] = []
        warnings: list[Json] = []
        for id in integers(parameters, "courseids"):
            course = self._index.courses.get(id)
            if course is None or not self._visible(course) or parameters.get("includenotenrolledcourses") != "1":
                warnings.append(_warning("course", id, "1", "No access rights in course context"))
                continue
            facts = self._index.assignments_of[id]
            # An assignment that is not published is hidden from the account.
            warnings += [
                _warning("module", fact.id + 100_000, "1", "No access rights in module context")
                for fact in facts
                if not fact.published
            ]
            courses.append(
                {
                    "id": id,
                    "fullname": course.name,
                    "shortname": serializers.shortname(course),
                    "timemodified": serializers.CREATED_SECONDS,
                    "assignments": self._switches.shown(
                        [serializers.assignment(fact) for fact in facts if fact.published]
                    ),
                }
            )
        return {"courses": courses, "warnings": warnings}

    def _submissions(self, parameters: Parameters) -> Json:
        assignments: list[Json] = []
        warnings: list[Json] = []
        for id in integers(parameters, "assignmentids"):
            if id not in self._index.assignments:
                continue
            # A submission begins when a student opens the form: others have no row.
            rows = [row for row in self._index.submissions[id] if row.submitted or row.account % 2]
            if not rows:
                warnings.append(_warning("module", id, "3", "No submissions found"))
            shown = self._switches.shown([serializers.submission(row) for row in rows])
            assignments.append({"assignmentid": id, "submissions": shown})
        return {"assignments": assignments, "warnings": warnings}

    def _user_flags(self, parameters: Parameters) -> Json:
        """No student has an extension: assignments without flags are only named in warnings."""
        ids = integers(parameters, "assignmentids")
        return {
            "assignments": [],
            "warnings": [_warning("assignment", id, "3", "No user flags found") for id in ids],
        }

    def _grade_items(self, parameters: Parameters) -> Json:
        course = self._course(integer(parameters, "courseid"))
        user_id = integer(parameters, "userid", 0)
        if user_id == ACCOUNT_ID:
            return {"usergrades": [account_grades(course, ACCOUNT_ID)], "warnings": []}
        accounts = [self._account(user_id)] if user_id else [self._index.accounts[id] for id in course.members]
        return {
            "usergrades": self._switches.shown(
                [
                    user_grades(self._index, course, account, enrolled=account.id in course.members)
                    for account in accounts
                ]
            ),
            "warnings": [],
        }

    def _public(self, course: LmsCourseFact) -> Json:
        return serializers.public_course(
            course,
            visible=self._visible(course),
            ended_at=self._ended_at(course),
            manages=self._manages_courses,
        )

    def _course(self, id: int) -> LmsCourseFact:
        """
        A course.

        Raises:
            MoodleError: There is none, or it is hidden from the account.
        """
        course = self._index.courses.get(id)
        if course is None:
            raise missing_record("course")
        if not self._visible(course) and not self._manages_courses:
            raise MoodleError("require_login_exception", "requireloginerror", "Course or activity not accessible.")
        return course

    def _account(self, id: int) -> LmsAccountFact:
        account = self._index.accounts.get(id)
        if account is None:
            raise missing_record("user")
        return account

    def _visible(self, course: LmsCourseFact) -> bool:
        return course.id not in self._hidden

    def _ended_at(self, course: LmsCourseFact) -> int:
        return ENDED_SECONDS if course.id in self._ended else 0


def _is(text: str | None, value: str) -> bool:
    """Whether a text is the value, as a database that ignores letter case compares them."""
    return bool(text) and str(text).casefold() == value.casefold()


def _warning(item: str, id: int, code: str, message: str) -> Json:
    return {"item": item, "itemid": id, "warningcode": code, "message": message}
