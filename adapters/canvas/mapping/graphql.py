"""Converts objects of Canvas's GraphQL API to those that the REST API has for the same things."""

from __future__ import annotations

from student_graph.adapters.canvas.api import (
    Assignment,
    Course,
    Enrollment,
    Grades,
    Submission,
    User,
    graphql,
)


def rest_course(course: graphql.Course) -> Course:
    """A course."""
    return Course(
        id=course.legacy_id, name=course.name, course_code=course.courseCode, workflow_state=course.state
    )


def rest_enrollment(course: graphql.Course, enrollment: graphql.Enrollment) -> Enrollment:
    """An enrollment in a course, without its activity; its id must not be null."""
    assert enrollment.legacy_id is not None
    user, grades = enrollment.user, enrollment.grades or graphql.Grades()
    return Enrollment(
        id=enrollment.legacy_id,
        course_id=course.legacy_id,
        user_id=user.legacy_id,
        type=enrollment.type,
        enrollment_state=enrollment.state,
        sis_section_id=enrollment.section.sisId if enrollment.section else None,
        sis_user_id=user.sisId,
        user=User(
            id=user.legacy_id,
            sortable_name=user.sortableName,
            sis_user_id=user.sisId,
            integration_id=user.integrationId,
            login_id=user.loginId,
            email=user.email,
        ),
        grades=Grades(
            current_score=grades.currentScore,
            current_grade=grades.currentGrade,
            final_score=grades.finalScore,
            final_grade=grades.finalGrade,
            override_score=grades.overrideScore,
            override_grade=grades.overrideGrade,
        ),
    )


def rest_assignment(assignment: graphql.Assignment) -> Assignment:
    """An assignment."""
    return Assignment(
        id=assignment.legacy_id,
        name=assignment.name,
        due_at=assignment.dueAt,
        points_possible=assignment.pointsPossible,
        published=assignment.published,
    )


def rest_submission(submission: graphql.Submission) -> Submission:
    """A submission."""
    return Submission(
        id=submission.legacy_id,
        assignment_id=submission.assignment.legacy_id,
        workflow_state=submission.state,
        score=submission.score,
        grade=submission.grade,
        late=submission.late,
        missing=submission.missing,
        excused=submission.excused,
        submitted_at=submission.submittedAt,
        graded_at=submission.gradedAt,
        posted_at=submission.postedAt,
        cached_due_date=submission.cachedDueDate,
    )
