"""
Several processes that answer on one port: a supervisor starts them, replaces those that end, and connects them.

Modules that the supervisor imports stay small: it lives beside all workers, and serves nothing itself.
"""
