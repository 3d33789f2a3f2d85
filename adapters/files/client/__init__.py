"""How files are found, read and indexed."""
