"""PowerSchool SIS: a declaration of its PowerQueries, the plugin that brings them, and a sandbox."""
