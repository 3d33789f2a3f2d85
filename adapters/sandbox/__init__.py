"""The synthetic district that all sandboxes serve, and how a sandbox is served."""
