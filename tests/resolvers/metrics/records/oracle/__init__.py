"""Generated records of behavior, courses, work and assessments, and a naive computation of their metrics."""
