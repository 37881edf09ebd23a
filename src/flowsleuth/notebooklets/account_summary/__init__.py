"""AccountSummary: where an account was used, from where, with what success, and what is said of it."""

from flowsleuth.notebooklets.account_summary.result import AccountSummaryResult
from flowsleuth.notebooklets.account_summary.summary import AccountSummary

__all__ = ["AccountSummary", "AccountSummaryResult"]
