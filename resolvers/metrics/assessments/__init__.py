"""Assessments: the latest result of each family and subject, its level, percentile, growth and objectives."""
