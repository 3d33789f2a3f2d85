"""How `student-graph serve` reads its settings, at the start and again while it runs."""
