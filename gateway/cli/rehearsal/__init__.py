"""The command `student-graph rehearse`."""
