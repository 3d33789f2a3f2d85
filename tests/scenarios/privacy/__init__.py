"""Tests of which students a viewer may see, and of the disclosure log."""
