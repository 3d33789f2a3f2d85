"""Lists of students: filtered, paged, and read in the cheapest way."""
