"""PowerSchool SIS, as `powerschool.toml` declares it."""

from pathlib import Path

from student_graph.adapters.rest.adapter import declared

PowerSchoolSIS = declared(Path(__file__).with_name("powerschool.toml"), __name__)
