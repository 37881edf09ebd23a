"""What a table of logons shows: who logs on from where to what, and what is odd about it, each with a reason.

Frames of any make in - our table ``logon``, Windows 4624 and 4625, sign-ins of Entra ID, or any other by
:class:`LogonSchema` - and frames of the same make out. Nothing is changed, nothing invented: a place is only known
where the table or the facts say it.
"""

from flowsleuth.analyze.logons.clusters import cluster_logons
from flowsleuth.analyze.logons.findings import find_logon_patterns
from flowsleuth.analyze.logons.options import LogonOptions
from flowsleuth.analyze.logons.schema import LogonSchema
from flowsleuth.analyze.logons.summary import summarize_logons

__all__ = ["LogonOptions", "LogonSchema", "cluster_logons", "find_logon_patterns", "summarize_logons"]
