"""PowerSchool SIS as a declared vendor."""
