"""
Recordings of vendors: what an API answered, with every person replaced by a made-up one before it is written.

A recording holds requests and responses as JSON lines. `Recorder` writes it, `Replay` answers from it, and the
shapes of it are compared with what the vendor answers today.
"""

from student_graph.adapters.recording.fictions import Fictions
from student_graph.adapters.recording.recorder import Recorder
from student_graph.adapters.recording.recording import ORIGIN, Exchange, Recording, RecordingError
from student_graph.adapters.recording.replay import Replay, UnrecordedRequestError
from student_graph.adapters.recording.scrubbing import Scrubber

__all__ = [
    "ORIGIN",
    "Exchange",
    "Fictions",
    "Recorder",
    "Recording",
    "RecordingError",
    "Replay",
    "Scrubber",
    "UnrecordedRequestError",
]
