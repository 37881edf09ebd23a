"""PowerShell made readable: indented by its blocks, and with constant expressions worked out. Nothing is executed."""

from flowsleuth.extract.powershell.layout import format_powershell
from flowsleuth.extract.powershell.plain import Plain, plain_powershell

__all__ = ["Plain", "format_powershell", "plain_powershell"]
