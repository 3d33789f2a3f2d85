"""Lighthouse on the pages that the demo serves."""
