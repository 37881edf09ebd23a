"""Self-test: synthetic attacks among the user's own flows, in a copy that is thrown away, scored and counted."""
