"""Requests to an Ed-Fi API: the discovery document, reads of resources, and the ids of natural keys."""
