"""
The live cache: what sources said, kept for as long as it is good, and each question asked once at a time.

It is no copy of a district: it holds answers that were asked for, within a bound, and each of them goes.
"""

from gateway.cache.answers import Based, extensions
from gateway.cache.limits import Limits
from gateway.cache.live import Cache, Others
from gateway.cache.purges import Purge
from gateway.cache.reading import Reading

__all__ = ["Based", "Cache", "Limits", "Others", "Purge", "Reading", "extensions"]
