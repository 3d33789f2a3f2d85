"""Recordings of sources, and how what they answer today differs from one."""
