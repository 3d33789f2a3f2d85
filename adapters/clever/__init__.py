"""Clever v3.1: a declaration of its Data and Attendance APIs, and a sandbox."""
