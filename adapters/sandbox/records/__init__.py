"""Reads districts from files: Ed-Fi records, LMS files and files of assessment vendors."""
