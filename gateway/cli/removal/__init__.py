"""The command `districts`: what is kept of a district that has left, and how it is removed."""
