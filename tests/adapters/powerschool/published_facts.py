"""
Facts of the published documentation of PowerSchool's API, transcribed.

Resources and fields: mennotech/powerschool-api-docs, `plugins/powerschool-api-schema.md` and
`plugins/powerschool-api-v1.md`. PowerQueries: PowerSchool's page for developers.
"""

from __future__ import annotations

RESOURCES = {
    ("POST", "/ws/schema/query/{queryname}"): {"extensions", "page", "pagesize", "order", "count", "dofor"},
    ("GET", "/ws/v1/metadata"): set(),
    ("GET", "/ws/v1/district"): {"expansions"},
}
"""Resources that are read, and their parameters in the query."""
METADATA = {"powerschool_version", "plugin_id", "student_max_page_size", "schema_table_query_max_page_size",
            "district_timezone"}  # fmt: skip
"""Some of the members of the metadata."""
DISTRICT = {"uuid", "name", "district_number"}
TRANSPORTATION = {
    "studentid", "type", "busnumber", "routenumber", "distance", "fromto", "monday", "tuesday", "wednesday",
    "thursday", "friday",
}  # fmt: skip
"""Fields of the table as the resource for it names them."""
STORED_GRADES = {"schoolid", "grade", "storecode", "course_name", "percent", "studentid"}
"""Fields of the table as the resource for it names them."""
QUERY_NAME_PARTS = 5
"""Parts of the name of a PowerQuery: the domain in two, the product, the area, and what it returns."""
DEFAULT_PAGE_ROWS = 100
