"""One line of syslog taken apart: RFC 5424, RFC 3164, and what today's daemons write into files.

Format: RFC 5424; RFC 3164 section 4; rsyslog's ``RSYSLOG_FileFormat`` and ``RSYSLOG_TraditionalFileFormat``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "security", "console", "solaris-cron", *(f"local{n}" for n in range(8)),
)  # fmt: skip
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_MONTHS = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11,
    "Dec": 12,
}  # fmt: skip

_RFC5424 = re.compile(
    r"^<(?P<pri>\d{1,3})>1 (?P<time>\S+) (?P<host>\S+) (?P<program>\S+) (?P<pid>\S+) (?P<id>\S+) "
    r"(?P<sd>-|(?:\[(?:[^\]\\\"]|\\.|\"(?:[^\"\\]|\\.)*\")*\])+)(?: (?P<message>.*))?$"
)
_RFC3164 = re.compile(
    r"^(?:<(?P<pri>\d{1,3})>)?(?P<month>[A-Z][a-z]{2}) (?P<day>[ \d]?\d)(?: (?P<year>\d{4}))? "
    r"(?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,6}))? (?P<host>[\w.:\-]+) "
    r"(?P<program>[\w./\-()@%]+)(?:\[(?P<pid>\d+)\])?: ?(?P<message>.*)$"
)
_ISO = re.compile(
    r"^(?:<(?P<pri>\d{1,3})>)?(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) "
    r"(?P<host>[\w.:\-]+) (?P<program>[\w./\-()@%]+)(?:\[(?P<pid>\d+)\])?: ?(?P<message>.*)$"
)
HALF_A_YEAR = timedelta(days=182)


class SyslogLine(NamedTuple):
    """A message: when it was logged (in UTC; None where the time is none), by whom, and what."""

    when: datetime | None
    said_time: str
    pri: str | None
    host: str | None
    program: str | None
    pid: str | None
    event_type: str | None
    structured: str | None
    message: str | None
    has_year: bool


class Calendar:
    """Gives times without a year their year: the one that is nearest to the line before.

    Parameters
    ----------
    tz : ZoneInfo
        Zone of times that name none.
    latest : datetime
        The first time lies within the year before this moment (a day later is still taken).
    last : datetime, optional
        Time of the line before.

    Examples
    --------
    >>> calendar = Calendar(ZoneInfo("UTC"), datetime(2024, 1, 2, tzinfo=UTC))
    >>> [str(calendar.place(month, day, "23:59:59", 0))[:10] for month, day in ((12, 31), (1, 1))]
    ['2023-12-31', '2024-01-01']
    """

    def __init__(self, tz: ZoneInfo, latest: datetime, last: datetime | None = None) -> None:
        self.tz, self.last = tz, last
        self._latest = latest + timedelta(days=1)

    def place(self, month: int, day: int, clock: str, micro: int, year: int | None = None) -> datetime | None:
        """A moment in UTC; None when there is no such date."""
        hour, minute, second = map(int, clock.split(":"))
        near = self.last or self._latest

        def moment(of_year: int) -> datetime | None:
            try:
                return datetime(of_year, month, day, hour, minute, min(second, 59), micro, self.tz).astimezone(UTC)
            except (ValueError, OverflowError):
                return None

        if year is not None:
            found = moment(year)
        else:
            around = [one for one in map(moment, (near.year - 1, near.year, near.year + 1)) if one is not None]
            if self.last is None:
                around = [one for one in around if one <= self._latest]
            found = min(around, key=lambda one: abs(one - near), default=None)
        if found is not None:
            self.last = found
        return found


def parse_syslog(text: str, calendar: Calendar) -> SyslogLine | None:
    """One line of syslog; None when it has no header that is known.

    Examples
    --------
    >>> calendar = Calendar(ZoneInfo("UTC"), datetime(2024, 3, 5, tzinfo=UTC))
    >>> found = parse_syslog("<38>Mar  1 10:00:00 web1 sshd[812]: Connection closed", calendar)
    >>> str(found.when), found.host, found.program, found.pid, found.message
    ('2024-03-01 10:00:00+00:00', 'web1', 'sshd', '812', 'Connection closed')
    """
    found = _RFC3164.match(text)
    if found is not None and found["month"] in _MONTHS:
        year = int(found["year"]) if found["year"] else None
        micro = int((found["fraction"] or "").ljust(6, "0"))
        clock = found["clock"]
        when = calendar.place(_MONTHS[found["month"]], int(found["day"]), clock, micro, year)
        said = f"{found['month']} {found['day']} {clock}"
        pri, host, program, pid = found.group("pri", "host", "program", "pid")
        return SyslogLine(when, said, pri, host, program, pid, None, None, found["message"] or None, year is not None)
    found = _RFC5424.match(text)
    zone = None if found else calendar.tz  # RFC 5424 has one in every time
    found = found or _ISO.match(text)
    if found is None:
        return None
    parts = {name: None if value == "-" else value for name, value in found.groupdict().items()}
    said = parts["time"] or "-"
    message = (parts["message"] or "").removeprefix("\ufeff") or None
    names = ("pri", "host", "program", "pid", "id", "sd")
    pri, host, program, pid, event_type, structured = (parts.get(name) for name in names)
    return SyslogLine(_instant(said, zone), said, pri, host, program, pid, event_type, structured, message, True)


def _instant(text: str, zone: ZoneInfo | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace(",", "."))
        if moment.tzinfo is None and zone is not None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def facility_of(pri: str | None) -> str | None:
    """Facility keyword of a priority.

    Examples
    --------
    >>> facility_of("38"), severity_of("38"), facility_of("999")
    ('auth', 'info', None)
    """
    number = int(pri) // 8 if pri else -1
    return FACILITIES[number] if 0 <= number < len(FACILITIES) else None


def severity_of(pri: str | None) -> str | None:
    """Severity keyword of a priority."""
    return SEVERITIES[int(pri) % 8] if pri and int(pri) < 192 else None
