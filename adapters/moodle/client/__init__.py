"""Asks Moodle: functions, keys, the token, and what its errors mean."""
