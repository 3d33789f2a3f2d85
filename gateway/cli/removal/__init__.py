"""The command `districts`: lists and removes the data of a district that has left."""
