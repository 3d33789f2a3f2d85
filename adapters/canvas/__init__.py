"""Canvas LMS: courses, assigned work, computed grades and engagement."""
