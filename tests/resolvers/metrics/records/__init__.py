"""Metrics of behavior, courses, work, assessments and mobility, and the indicators."""
