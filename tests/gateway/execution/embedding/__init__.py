"""The executors as a part of something else: other schemas, contexts and callers than the gateway's."""
