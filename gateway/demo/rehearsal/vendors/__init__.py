"""The districts of a rehearsal with their vendors: made up, and served by processes of their own."""
