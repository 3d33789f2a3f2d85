"""Tests of the files in `deploy`: container, compose file, chart and systemd unit."""
