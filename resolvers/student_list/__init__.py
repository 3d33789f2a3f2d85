"""Lists of students: filtered, paged, and read by the cheapest way."""
