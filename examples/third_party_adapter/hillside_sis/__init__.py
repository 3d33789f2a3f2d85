"""An adapter for Hillside SIS, a fictional vendor."""
