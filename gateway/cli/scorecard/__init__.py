"""`student-graph scorecard`: what the gateway measures about the sources of districts, for people who buy them."""

from student_graph.gateway.cli.scorecard.command import add_command

__all__ = ["add_command"]
