"""Lists of students with a condition, over sandboxes."""
