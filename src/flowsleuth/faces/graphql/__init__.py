"""GraphQL over a workspace: Spot's queries and mutations by their names, and more. Needs the extra ``web``."""
