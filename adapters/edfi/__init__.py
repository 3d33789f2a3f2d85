"""Ed-Fi ODS/API, versions 5 to 7, with Data Standards 3.3, 4 and 5."""
