"""Tests of what the packages of the gateway share for tasks, deadlines and turns of the event loop."""
