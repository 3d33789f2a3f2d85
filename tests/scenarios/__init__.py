"""The whole road, from a query over HTTP to sandboxes and back."""
