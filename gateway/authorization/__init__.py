"""Authorization: which students and which classes of data a viewer may see."""
