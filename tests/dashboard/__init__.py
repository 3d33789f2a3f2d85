"""The example dashboard, built and served by the demo, in a real browser."""
