"""Payloads of the gradebook service and of its assessment results profile."""

from __future__ import annotations

from pydantic import Field

from student_graph.adapters.oneroster.api.payload import (
    Flag,
    Instant,
    Item,
    Link,
    Many,
    Number,
    Payload,
    Resource,
    Text,
)


class Category(Item):
    """A kind of line item."""

    title: str


class LineItem(Item):
    """Something that is graded."""

    title: Text = None
    dueDate: Instant = None
    class_: Link = Field(default=None, alias="class")
    category: Link = None
    gradingPeriod: Link = None
    academicSession: Link = None
    resultValueMax: Number = None


class Result(Item):
    """What a student reached in a line item."""

    lineItem: Link = None
    student: Link = None
    class_: Link = Field(default=None, alias="class")
    scoreStatus: Text = None
    score: Number = None
    textScore: Text = None
    scoreDate: Instant = None
    late: Flag = None
    missing: Flag = None


class FurtherScore(Payload):
    """A score beside the standard's one."""

    reportingMethod: str
    result: str


class AboutTest(Payload):
    """What servers tell of a test beyond the standard."""

    assessmentFamily: Text = None
    subject: Text = None
    version: Text = None
    identificationCode: Text = None


class AboutResult(Payload):
    """What servers tell of a result beyond the standard."""

    schoolYear: Text = None
    gradeLevel: Text = None
    reportingMethod: Text = None
    scores: Many[FurtherScore]


class AssessmentLineItem(Item):
    """A test, or a part of one."""

    title: Text = None
    parentAssessmentLineItem: Link = None
    metadata: AboutTest | None = None


class AssessmentResult(Item):
    """What a student reached in a test or a part of one."""

    assessmentLineItem: Link = None
    student: Link = None
    score: Number = None
    textScore: Text = None
    scoreDate: Instant = None
    scorePercentile: Number = None
    scoreStatus: Text = None
    metadata: AboutResult | None = None


CATEGORIES = Resource.of("gradebook", "categories", Category, "category", "categories")
LINE_ITEMS = Resource.of("gradebook", "lineItems", LineItem)
RESULTS = Resource.of("gradebook", "results", Result)
ASSESSMENT_LINE_ITEMS = Resource.of("gradebook", "assessmentLineItems", AssessmentLineItem)
ASSESSMENT_RESULTS = Resource.of("gradebook", "assessmentResults", AssessmentResult)
