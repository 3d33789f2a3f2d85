"""
Service levels: how well a district's pages were answered, against its objectives, and the counts of each hour.

`counts` are the numbers, `history` holds those of the last days for burn rates, `store` keeps those of each day in
files, `recorder` connects them. No count is about a person: they are by district, hour and source.
"""

from student_graph.gateway.telemetry.levels.objectives import LevelSettings, Objectives
from student_graph.gateway.telemetry.levels.recorder import LevelRecorder

__all__ = ["LevelRecorder", "LevelSettings", "Objectives"]
