"""
The JSON of Moodle for the facts of a district, with the properties of the recorded responses.

What is not recorded, the functions of assignments, has the properties of Moodle's published descriptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from student_graph.adapters.moodle.sandbox.index import Index
from student_graph.adapters.moodle.sandbox.responses import Json
from student_graph.adapters.sandbox.facts import AssignmentFact, LmsAccountFact, LmsCourseFact, SubmissionFact

CREATED_SECONDS = 1_786_000_000
"""When everything was created, in seconds since 1970: August 2026."""
STARTED_SECONDS = CREATED_SECONDS + 1_000_000
PICTURE = "https://moodle.example/theme/image.php/boost/core/1768478433/u"
SCALE_ID = 2
SCALE_MAX = 2
"""The scale of work without points has two values, `not yet` and `complete`."""
HIDDEN_GRADE = 1.25
"""The grade of work whose review is pending, hidden from students: no other grade has its two decimals."""
STUDENT_TEXT = "<p>What the student wrote</p>"


def seconds(at: datetime | None) -> int:
    """A time in seconds since 1970; 0 for none."""
    return int(at.timestamp()) if at else 0


def site_info(account_id: int, service: Iterable[str]) -> Json:
    """The site and the account of the token, with the private key that Moodle sends too."""
    return {
        "sitename": "Sandbox Moodle",
        "username": "student-graph",
        "firstname": "Student",
        "lastname": "Graph",
        "fullname": "Student Graph",
        "lang": "en",
        "userid": account_id,
        "siteurl": "https://moodle.example",
        "userpictureurl": f"{PICTURE}/f1",
        "functions": [{"name": name, "version": "2024042201"} for name in service],
        "downloadfiles": 0,
        "uploadfiles": 0,
        "release": "4.4.1 (Build: 20240610)",
        "version": "2024042201",
        "mobilecssurl": "",
        "advancedfeatures": [{"name": "enablecompletion", "value": 1}],
        "usercanmanageownfiles": False,
        "userquota": 0,
        "usermaxuploadfilesize": -1,
        "userhomepage": 1,
        "userprivateaccesskey": "0123456789abcdef",
        "siteid": 1,
        "sitecalendartype": "gregorian",
        "usercalendartype": "gregorian",
        "userissiteadmin": False,
        "theme": "boost",
        "limitconcurrentlogins": 0,
        "policyagreed": 0,
    }


def user(account: LmsAccountFact) -> Json:
    """A user, as `core_user_get_users_by_field` shows it."""
    last, _, first = account.sortable_name.partition(", ")
    row: Json = {
        "id": account.id,
        "username": account.login,
        "firstname": first,
        "lastname": last,
        "fullname": account.name,
        "email": account.email,
        "department": "",
        "idnumber": account.sis_id,
        "firstaccess": 0,
        "lastaccess": 0,
        "auth": "manual",
        "suspended": False,
        "confirmed": True,
        "lang": "en",
        "theme": "",
        "timezone": "99",
        "mailformat": 1,
        "trackforums": 0,
        "country": "US",
        "profileimageurlsmall": f"{PICTURE}/f2",
        "profileimageurl": f"{PICTURE}/f1",
    }
    return {name: value for name, value in row.items() if name not in ("idnumber", "email") or value}


_OF_ACCOUNT = ("auth", "suspended", "confirmed", "lang", "theme", "timezone", "mailformat", "trackforums")
"""Properties of a user that lists of a course do not have."""


def enrolled_user(index: Index, course: LmsCourseFact, account: LmsAccountFact, visible: Sequence[int]) -> Json:
    """A user of a course; nothing tells a suspended enrollment from an active one but the missing courses."""
    row = {name: value for name, value in user(account).items() if name not in _OF_ACCOUNT}
    is_teacher = account.id in course.teachers
    row["lastcourseaccess"] = index.last_access.get((course.id, account.id), 0)
    row["roles"] = [
        {
            "roleid": 3 if is_teacher else 5,
            "name": "",
            "shortname": "editingteacher" if is_teacher else "student",
            "sortorder": 0,
        }
    ]
    courses = [c for c in index.courses_of[account.id] if c.id in visible]
    if courses:
        row["enrolledcourses"] = [
            {"id": c.id, "fullname": c.name, "shortname": shortname(c)} for c in reversed(courses)
        ]
    return row


def shortname(course: LmsCourseFact) -> str:
    """The short name of a course, which is unique in a Moodle."""
    return f"{course.code}-{course.id}"


def _course(course: LmsCourseFact, *, visible: bool, ended_at: int) -> Json:
    """The properties that all functions show of a course."""
    return {
        "id": course.id,
        "shortname": shortname(course),
        "fullname": course.name,
        "displayname": course.name,
        "summary": "<p>Intro</p>",
        "summaryformat": 1,
        "format": "topics",
        "startdate": STARTED_SECONDS,
        "enddate": ended_at,
        "lang": "",
        "showactivitydates": False,
        "showcompletionconditions": True,
        "timemodified": CREATED_SECONDS,
        "visible": int(visible),
    }


def users_course(course: LmsCourseFact, *, visible: bool, ended_at: int) -> Json:
    """A course of a user, as `core_enrol_get_users_courses` shows it."""
    return _course(course, visible=visible, ended_at=ended_at) | {
        "enrolledusercount": len(course.members) + len(course.teachers),
        "idnumber": course.sis_section or "",
        "courseimage": f"https://moodle.example/pluginfile.php/{course.id}/course/generated/course.svg",
        "showgrades": True,
        "enablecompletion": False,
        "completionhascriteria": False,
        "completionusertracked": False,
        "category": 1,
        "progress": None,
        "completed": None,
        "marker": 0,
        "lastaccess": None,
        "isfavourite": False,
        "hidden": False,
        "overviewfiles": [],
    }


def public_course(course: LmsCourseFact, *, visible: bool, ended_at: int, manages: bool) -> Json:
    """A course, as `core_course_get_courses_by_field` shows it; `idnumber` only to those who may change it."""
    row = _course(course, visible=visible, ended_at=ended_at) | {
        "courseimage": f"https://moodle.example/pluginfile.php/{course.id}/course/generated/course.svg",
        "categoryid": 1,
        "categoryname": "Category 1",
        "sortorder": 10_000 + course.id,
        "summaryfiles": [],
        "overviewfiles": [],
        "contacts": [{"id": id, "fullname": "A teacher"} for id in course.teachers],
        "enrollmentmethods": ["manual"],
        "showgrades": 1,
        "newsitems": 1,
        "maxbytes": 0,
        "showreports": 0,
        "groupmode": 0,
        "groupmodeforce": 0,
        "defaultgroupingid": 0,
        "enablecompletion": 0,
        "completionnotify": 0,
        "theme": "",
        "marker": 0,
        "legacyfiles": 0,
        "calendartype": "",
        "timecreated": CREATED_SECONDS,
        "requested": 0,
        "cacherev": CREATED_SECONDS,
        "filters": [{"filter": "multilang", "localstate": 0, "inheritedstate": 1}],
        "courseformatoptions": [{"name": "coursedisplay", "value": 0}],
    }
    return row | ({"idnumber": course.sis_section or ""} if manages else {})


def site_course() -> Json:
    """The front page, which lists of courses hold as course 1."""
    return {
        "id": 1,
        "fullname": "Sandbox Moodle",
        "shortname": "sandbox",
        "format": "site",
        "visible": 1,
        "enddate": 0,
    }


def assignment(fact: AssignmentFact) -> Json:
    """An assignment, as `mod_assign_get_assignments` shows it; one without points has a scale."""
    zeros = (
        "submissiondrafts", "sendnotifications", "sendlatenotifications", "completionsubmit", "cutoffdate",
        "gradingduedate", "requireallteammemberssubmit", "teamsubmissiongroupingid", "blindmarking", "hidegrader",
        "revealidentities", "markingworkflow", "markingallocation", "markinganonymous",
        "requiresubmissionstatement", "preventsubmissionnotingroup", "allowsubmissionsfromdate", "timelimit",
        "submissionattachments", "nosubmissions", "teamsubmission",
    )  # fmt: skip
    return dict.fromkeys(zeros, 0) | {
        "id": fact.id,
        "cmid": fact.id + 100_000,
        "course": fact.course,
        "name": fact.title,
        "sendstudentnotifications": 1,
        "duedate": seconds(fact.due),
        "grade": int(fact.points) if fact.points is not None else -SCALE_ID,
        "timemodified": CREATED_SECONDS,
        "attemptreopenmethod": "none",
        "maxattempts": -1,
        "configs": [{"plugin": "onlinetext", "subtype": "assignsubmission", "name": "enabled", "value": "1"}],
        "intro": "<p>What to do</p>",
        "introformat": 1,
        "introfiles": [],
        "introattachments": [],
    }


def submission(fact: SubmissionFact) -> Json:
    """A submission, as `mod_assign_get_submissions` shows it, with what the student wrote."""
    return {
        "id": fact.id,
        "userid": fact.account,
        "attemptnumber": 0,
        "timecreated": seconds(fact.submitted) or CREATED_SECONDS,
        "timemodified": seconds(fact.submitted) or CREATED_SECONDS,
        "timestarted": None,
        "status": "submitted" if fact.submitted else "new",
        "groupid": 0,
        "plugins": [
            {
                "type": "onlinetext",
                "name": "Online text",
                "editorfields": [
                    {"name": "onlinetext", "description": "Online text", "text": STUDENT_TEXT, "format": 1}
                ],
            }
        ],
        "gradingstatus": "graded" if fact.state == "graded" else "notgraded",
    }
