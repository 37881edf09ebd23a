"""The application's pages and the figures, as the browser gets them: ``static/`` is built from ``web/``."""
