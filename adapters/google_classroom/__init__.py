"""Google Classroom: an adapter for its REST API v1, and a sandbox."""
