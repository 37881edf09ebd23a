"""The browser: a FastAPI application over one workspace, with login, roles and protection of every write.

Needs the extra ``web``.
"""
