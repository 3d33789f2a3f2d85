"""Attendance: the calendar of a school, the days of a student, and the metrics that count them."""
