"""Early-warning indicators: one level for attendance, behavior, courses and assessment, from several metrics."""
