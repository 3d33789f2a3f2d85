"""Tests of the Ed-Fi adapter and its sandbox."""
