"""The matrix of faults: each row played for real, or a reason why not."""
