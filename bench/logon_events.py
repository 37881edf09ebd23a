"""``logon_events.py EVENTS FILE SEED``: made-up logons of a week, written as CSV: busy days, a few rare accounts."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

ACCOUNTS = (30, 20, 10, 9, 8, 7, 6, 5, 3, 1.5, 0.45, 0.05)
"""Shares of the accounts, per cent."""
COMMANDS = 5_000
HOSTS = 900
MIDDAY_H, SPREAD_H = 13, 4


def logons(events: int, seed: int) -> pd.DataFrame:
    """``TimeGenerated``, ``Account``, ``Computer``, ``CommandLine``; in order of time."""
    draw = np.random.default_rng(seed)
    hours = np.clip(draw.normal(MIDDAY_H, SPREAD_H, events), 0, 23.999)
    seconds = draw.choice(7, events, p=[0.2, 0.2, 0.2, 0.2, 0.1, 0.05, 0.05]) * 86_400 + hours * 3_600
    names = [f"user{number}@contoso.example" for number in range(len(ACCOUNTS))]
    return pd.DataFrame(
        {
            "TimeGenerated": pd.Timestamp("2019-02-14", tz="UTC")
            + pd.to_timedelta(np.sort(seconds).round(3), unit="s"),
            "Account": draw.choice(names, events, p=np.array(ACCOUNTS) / 100),
            "Computer": [f"host{number:03}.contoso.example" for number in draw.integers(0, HOSTS, events)],
            "CommandLine": [
                f"C:\\Windows\\System32\\svchost.exe -k {n:05}" for n in draw.integers(0, COMMANDS, events)
            ],
        }
    )


if __name__ == "__main__":
    logons(int(sys.argv[1]), int(sys.argv[3])).to_csv(sys.argv[2], index=False)
