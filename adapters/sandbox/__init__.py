"""The synthetic district that all sandboxes serve, and the server of sandboxes."""
