"""Ed-Fi ODS/API, versions 5 to 7, and Ed-Fi API 8, with Data Standards 3.3, 4, 5 and 6."""
