"""Removes the lines of a district that has left from the record, if they need not be kept any longer."""
