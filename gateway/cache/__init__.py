"""
The live cache: what sources said, kept for as long as it is good, and each question asked once at a time.

It is no copy of a district: it holds answers that were asked for, within a bound, and each of them goes.
"""

from student_graph.gateway.cache.limits import Limits
from student_graph.gateway.cache.live import Cache, Others
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.reading import Reading
from student_graph.gateway.cache.response_cache import Based, extensions

__all__ = ["Based", "Cache", "Limits", "Others", "Purge", "Reading", "extensions"]
