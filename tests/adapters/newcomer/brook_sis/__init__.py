"""An adapter for Brook SIS, a fictional vendor."""
