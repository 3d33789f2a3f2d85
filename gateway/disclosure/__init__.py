"""
The disclosure log: an append-only, signed record of who saw which student's data, without the data itself.

34 CFR 99.32 requires such a record. `DisclosureLog` writes one line of JSON for each response and district into
the files of a directory (`log_file` describes a file), `verification` finds every change to those files, `search`
finds who saw a student, and `retention` removes old files.
"""

from student_graph.gateway.disclosure.entries import Entry, source_ages
from student_graph.gateway.disclosure.errors import UnwritableError
from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.recorder import DisclosureRecorder

__all__ = ["DisclosureKeys", "DisclosureLog", "DisclosureRecorder", "Entry", "UnwritableError", "source_ages"]
