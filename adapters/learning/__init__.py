"""What the adapters of learning management systems share: Canvas, Moodle and Google Classroom."""
