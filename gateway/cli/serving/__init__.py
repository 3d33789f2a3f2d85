"""How `student-graph serve` reads its settings, at the start and while it runs, and how its health is asked."""
