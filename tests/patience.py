"""Limits for tests about data: no source and no operation reaches them, however busy the machine is."""

SOURCE_SECONDS, OPERATION_SECONDS = 60.0, 120.0
