"""Command lines: rules for risky ones, with ATT&CK techniques and the reason; PowerShell made readable."""

from flowsleuth.extract.command_lines.risky import risky_cmd_line, risky_commands
from flowsleuth.extract.command_lines.rule import CommandRule, RuleSet, bundled_rules, load_rules

__all__ = ["CommandRule", "RuleSet", "bundled_rules", "load_rules", "risky_cmd_line", "risky_commands"]
