"""Where each verb is: its grammar, and what it does. Modules are imported when their verb is called, not before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

_PLACES = {
    "init": ("basic_arguments:add_init", "verbs:init"),
    "ingest": ("basic_arguments:add_ingest", "verbs:ingest"),
    "info": ("basic_arguments:add_info", "verbs:info"),
    "score": ("basic_arguments:add_score", "verbs:score"),
    "suspects": ("basic_arguments:add_suspects", "verbs:suspects"),
    "beacons": ("beacon_verbs:add_beacons", "beacon_verbs:beacons"),
    "inject": ("self_test_verbs:add_self_test", "self_test_verbs:inject"),
    "blind-spots": ("self_test_verbs:add_self_test", "self_test_verbs:blind_spots"),
    "explain": ("basic_arguments:add_explain", "verbs:explain"),
    "host": ("host_verbs:add_host", "host_verbs:host"),
    "investigate": ("story_verbs:add_investigate", "story_verbs:investigate"),
    "story": ("story_verbs:add_story", "story_verbs:story"),
    "alerts": ("alert_verbs:add_alerts", "alert_verbs:alerts"),
    "pivot": ("pivot_verbs:add_pivot", "pivot_verbs:pivot"),
    "tree": ("tree_verbs:add_tree", "tree_verbs:tree"),
    "logons": ("logon_verbs:add_logons", "logon_verbs:logons"),
    "sessions": ("logon_verbs:add_sessions", "logon_verbs:sessions"),
    "cluster": ("cluster_verbs:add_cluster", "cluster_verbs:cluster"),
    "stitch": ("stitch_verbs:add_stitch", "stitch_verbs:stitch"),
    "queue": ("triage_arguments:add_triage", "rating_verbs:queue"),
    "rate": ("triage_arguments:add_triage", "rating_verbs:rate"),
    "rules": ("triage_arguments:add_triage", "rule_verbs:rules"),
    "suppress": ("triage_arguments:add_triage", "rule_verbs:suppress"),
    "heuristics": ("triage_arguments:add_triage", "rule_verbs:heuristics"),
    "labels": ("triage_arguments:add_triage", "rating_verbs:labels"),
    "audit": ("triage_arguments:add_triage", "rating_verbs:audit"),
    "lookup": ("intel_arguments:add_intel", "intel_verbs:lookup"),
    "intel": ("intel_arguments:add_intel", "intel_verbs:intel"),
    "enrich": ("enrich_verbs:add_enrich", "enrich_verbs:enrich"),
    "facts": ("enrich_verbs:add_enrich", "enrich_verbs:facts"),
    "lists": ("enrich_verbs:add_enrich", "enrich_verbs:lists"),
    "whois": ("enrich_verbs:add_enrich", "enrich_verbs:whois"),
    "dns": ("enrich_verbs:add_enrich", "enrich_verbs:names"),
    "convert": ("convert_verbs:add_convert", "convert_verbs:convert"),
    "decode": ("decode_verbs:add_decode", "decode_verbs:decode"),
    "ioc": ("ioc_verbs:add_ioc", "ioc_verbs:ioc"),
    "mask": ("mask_verbs:add_mask", "mask_verbs:mask"),
    "commands": ("command_verbs:add_commands", "command_verbs:commands"),
    "query": ("query_verbs:add_query", "query_verbs:query"),
    "sql": ("sql_verbs:add_sql", "sql_verbs:sql"),
    "run": ("notebooklet_arguments:add_run", "notebooklet_verbs:run"),
    "notebooklet": ("notebooklet_arguments:add_notebooklet", "notebooklet_verbs:notebooklet"),
    "notebooks": ("notebook_verbs:add_notebooks", "notebook_verbs:notebooks"),
    "serve": ("serve_verbs:add_serve", "serve_verbs:serve"),
    "user": ("serve_verbs:add_user", "serve_verbs:user"),
    "readers": ("basic_arguments:add_declared", "verbs:readers"),
    "detectors": ("basic_arguments:add_declared", "verbs:detectors"),
}
"""Verb → its grammar, what it does; in the order of the help."""


def grammars(verb: str | None = None) -> Iterator[Callable[[Any], None]]:
    """Functions that add the grammar of one verb (and of those beside it); of all, where it is none.

    Examples
    --------
    >>> [add.__name__ for add in grammars("sql")]
    ['add_sql']
    """
    places = [_PLACES[verb]] if verb in _PLACES else _PLACES.values()
    yield from map(_loaded, dict.fromkeys(grammar for grammar, _ in places))


def action_of(verb: str) -> Callable[[argparse.Namespace], int]:
    """What a verb does."""
    action: Callable[[argparse.Namespace], int] = _loaded(_PLACES[verb][1])
    return action


def _loaded(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"flowsleuth.faces.cli.{module}"), name)
