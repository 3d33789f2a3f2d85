"""Maps the rows of files to records."""
