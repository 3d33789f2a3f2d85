"""Districts read from files: Ed-Fi records, LMS exports and assessment vendors' exports."""
