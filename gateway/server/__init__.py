"""The process: a service built from its settings, and the HTTP server that runs it. This file imports nothing."""
