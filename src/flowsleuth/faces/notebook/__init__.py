"""Notebooks that do the analyst's loop from top to bottom; :func:`write_notebooks` puts them into a folder."""

from flowsleuth.faces.notebook.write import PAGES, demo_data, write_notebooks

__all__ = ["PAGES", "demo_data", "write_notebooks"]
