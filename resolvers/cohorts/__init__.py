"""Groups of students: their metrics, who of them meets a condition, and counts over them."""
