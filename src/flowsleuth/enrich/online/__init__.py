"""Questions to others, asked only when the user says so: lists, registries, routes, names."""
