"""
Turns a vendor's response into typed payloads, for all adapters.

One odd value never hides other rows: `read` takes what can be read, and reports the rows that it leaves out.
"""

from student_graph.adapters.reading.dates import (
    AwareMoment,
    Day,
    Instant,
    OptionalDay,
    OptionalMoment,
    OptionalTime,
    TimeOfDay,
    recorded_day,
)
from student_graph.adapters.reading.end_dates import EndDate, day_after, last_day
from student_graph.adapters.reading.leniency import Deciding
from student_graph.adapters.reading.numbers import IdText, Integer, Number
from student_graph.adapters.reading.payload import MAX_TEXT_CHARACTERS, Payload
from student_graph.adapters.reading.responses import MAX_BODY_BYTES, content_of, read, read_value
from student_graph.adapters.reading.shared_reads import (
    Reader,
    ReadStart,
    SharedReads,
    current_reader,
    is_background_read,
    joining,
    noting_read_start,
    sharing_reads_of,
)
from student_graph.adapters.reading.unreadable import (
    RowCount,
    UnreadableRows,
    collecting_unreadable_rows,
    counting_page_rows,
    leave_out_unreadable,
    not_reporting,
    reading_key,
    report_unreadable_row,
    report_unreadable_rows,
    rows_needed_by,
)

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_TEXT_CHARACTERS",
    "AwareMoment",
    "Day",
    "Deciding",
    "EndDate",
    "IdText",
    "Instant",
    "Integer",
    "Number",
    "OptionalDay",
    "OptionalMoment",
    "OptionalTime",
    "Payload",
    "ReadStart",
    "Reader",
    "RowCount",
    "SharedReads",
    "TimeOfDay",
    "UnreadableRows",
    "collecting_unreadable_rows",
    "content_of",
    "counting_page_rows",
    "current_reader",
    "day_after",
    "is_background_read",
    "joining",
    "last_day",
    "leave_out_unreadable",
    "not_reporting",
    "noting_read_start",
    "read",
    "read_value",
    "reading_key",
    "recorded_day",
    "report_unreadable_row",
    "report_unreadable_rows",
    "rows_needed_by",
    "sharing_reads_of",
]
