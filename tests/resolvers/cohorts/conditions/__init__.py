"""Tests of populations: who meets a condition, and in which order."""
