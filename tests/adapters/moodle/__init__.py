"""Tests of the Moodle adapter and its sandbox."""
