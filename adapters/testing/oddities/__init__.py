"""Checks of what real servers send and no manual says: odd lists, keys and rows; and a guard of connections."""
