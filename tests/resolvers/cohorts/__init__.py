"""Tests of groups of students."""
