"""The REST routes, a module per group; each parses, calls one method of the workspace, and answers."""
