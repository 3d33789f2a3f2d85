"""How Google Classroom is asked: requests, keys, responses and tokens."""
