"""Presets: published definitions with their windows, thresholds and citations."""
