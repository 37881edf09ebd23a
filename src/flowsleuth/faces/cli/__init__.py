"""The terminal: ``flowsleuth VERB``; each verb parses, calls one method of the workspace, and shows."""

from flowsleuth.faces.cli.main import main

__all__ = ["main"]
