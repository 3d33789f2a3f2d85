"""Courses: grades, averages, failing courses, credits and whether a student is on track."""
