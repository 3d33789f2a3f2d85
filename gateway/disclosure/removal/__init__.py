"""Takes the lines of a district that has left out of the record, for those who need not keep them any longer."""
