"""Behavior: incidents, suspensions and the days with an incident."""
