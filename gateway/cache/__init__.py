"""
The cache: answers of the sources while they are fresh, and at most one request in flight for each key.

It is not a copy of a district's data. It holds answers that were requested, within a size limit, and each of them
expires.
"""

from student_graph.gateway.cache.answers import AnswerCache, Fleet
from student_graph.gateway.cache.cache import Cache
from student_graph.gateway.cache.limits import BackgroundLimits, Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.read import CachedFetch
from student_graph.gateway.cache.response_cache import Dependencies, extensions

__all__ = [
    "AnswerCache",
    "BackgroundLimits",
    "Cache",
    "CachedFetch",
    "Dependencies",
    "Fleet",
    "Limits",
    "Purge",
    "extensions",
]
