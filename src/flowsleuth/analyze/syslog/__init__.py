"""What syslog tells of hosts, of sessions that were opened and closed, and of what was done by sudo.

Frames of any make in - our table ``syslog``, Sentinel's ``Syslog``, or any other by :class:`SyslogSchema` - and frames
of the same make out. What is no such message is passed over; nothing is changed; every row out says which rows it is
from.
"""

from flowsleuth.analyze.syslog.hosts import syslog_hosts
from flowsleuth.analyze.syslog.logon_sessions import cluster_syslog_logons_df, logon_sessions
from flowsleuth.analyze.syslog.risky_sessions import risky_sudo_sessions
from flowsleuth.analyze.syslog.schema import SyslogSchema
from flowsleuth.analyze.syslog.sudo import linux_risks, sudo_commands, sudo_sessions

__all__ = [
    "SyslogSchema",
    "cluster_syslog_logons_df",
    "linux_risks",
    "logon_sessions",
    "risky_sudo_sessions",
    "sudo_commands",
    "sudo_sessions",
    "syslog_hosts",
]
