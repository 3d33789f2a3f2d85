"""Connections of clients: what they may send, how long they may take, and how many there may be."""
