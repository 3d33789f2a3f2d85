"""`student-graph report`: the service levels of districts in one month, as a board may want to see them."""

from student_graph.gateway.cli.report.command import add_command

__all__ = ["add_command"]
