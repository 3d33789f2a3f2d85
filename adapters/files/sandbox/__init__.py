"""Folders of files as a district receives them, with the facts of a made-up district."""

from student_graph.adapters.files.sandbox.folder import FilesSandbox
from student_graph.adapters.files.sandbox.roster import RosterFilesSandbox

__all__ = ["FilesSandbox", "RosterFilesSandbox"]
