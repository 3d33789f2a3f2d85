"""Payloads of the gradebook service and of its assessment results profile."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from student_graph.adapters.oneroster.api.payload import (
    Flag,
    Instant,
    Item,
    Link,
    Many,
    OptionalNumber,
    Payload,
    SchoolYear,
    Text,
)
from student_graph.adapters.oneroster.api.resources import Resource
from student_graph.adapters.reading import Deciding


class Category(Item):
    """A category of line items."""

    title: str


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _end_of_day(value: Any) -> Any:
    """The last minute of a date in UTC, which is on that day in all of America; other values as they are."""
    is_day = isinstance(value, str) and _DAY.fullmatch(value.strip()) is not None
    return f"{value.strip()}T23:59:00Z" if is_day else value


DueTime: TypeAlias = Annotated[Instant, BeforeValidator(_end_of_day)]
"""
When work is due: an instant, or the end of a date.

The first moment of a date in UTC is an evening in America, of the day before.
"""


class LineItem(Item):
    """An assignment, or anything else that is graded."""

    title: Text = None
    dueDate: DueTime = None
    class_: Link = Field(default=None, alias="class")
    category: Link = None
    gradingPeriod: Link = None
    academicSession: Link = None
    resultValueMax: OptionalNumber = None


class Result(Item):
    """The result of a student in a line item."""

    lineItem: Link = None
    student: Link = None
    class_: Link = Field(default=None, alias="class")
    scoreStatus: Deciding[Text] = None
    score: OptionalNumber = None
    textScore: Text = None
    scoreDate: Instant = None
    late: Flag = None
    missing: Flag = None


class AdditionalScore(Payload):
    """A score for which the standard has no property."""

    reportingMethod: str
    result: str


class AssessmentMetadata(Payload):
    """Properties of an assessment that servers add to the standard."""

    assessmentFamily: Text = None
    subject: Text = None
    version: Text = None
    identificationCode: Text = None


class ResultMetadata(Payload):
    """Properties of a result that servers add to the standard."""

    schoolYear: SchoolYear = None
    gradeLevel: Text = None
    reportingMethod: Text = None
    normYear: Text = None
    """Year of the norms of the percentile."""
    scores: Many[AdditionalScore]


class AssessmentLineItem(Item):
    """An assessment, or a part of one."""

    title: Text = None
    parentAssessmentLineItem: Link = None
    metadata: AssessmentMetadata | None = None


class AssessmentResult(Item):
    """The result of a student in an assessment or in a part of one."""

    assessmentLineItem: Link = None
    student: Link = None
    score: OptionalNumber = None
    textScore: Text = None
    scoreDate: Instant = None
    scorePercentile: OptionalNumber = None
    scoreStatus: Deciding[Text] = None
    metadata: ResultMetadata | None = None


CATEGORIES = Resource.of("gradebook", "categories", Category)
LINE_ITEMS = Resource.of("gradebook", "lineItems", LineItem)
RESULTS = Resource.of("gradebook", "results", Result)
ASSESSMENT_LINE_ITEMS = Resource.of("gradebook", "assessmentLineItems", AssessmentLineItem)
ASSESSMENT_RESULTS = Resource.of("gradebook", "assessmentResults", AssessmentResult)
