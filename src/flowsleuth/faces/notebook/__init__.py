"""Notebooks that do the analyst's loop from top to bottom; :func:`write_notebooks` puts them into a folder."""

from flowsleuth.faces.notebook.write import PAGES, write_notebooks

__all__ = ["PAGES", "write_notebooks"]
