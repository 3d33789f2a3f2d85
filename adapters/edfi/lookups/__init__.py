"""The lookups that Ed-Fi answers, one module for each part of a student's life."""
