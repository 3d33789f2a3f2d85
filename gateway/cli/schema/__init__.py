"""`student-graph schema`: the GraphQL schema, what clients' caches need of it, and how it changed."""

from student_graph.gateway.cli.schema.command import add_command

__all__ = ["add_command"]
