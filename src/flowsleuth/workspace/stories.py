"""Stories: investigations that were saved, with their evidence as it was, in the analyst database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.investigate.dossier import Dossier

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store.case import CaseDatabase
    from flowsleuth.workspace.investigation import Investigation

TITLE_LONGEST, TEXT_LONGEST = 500, 100_000
LISTED = ("story_id", "target", "title", "start", "end", "analyst", "made")


@dataclass(frozen=True)
class Story:
    """A saved investigation.

    Attributes
    ----------
    story_id : int
    target : str
        Address or CIDR.
    title, text : str
        What the analyst says; text as written, never markup.
    start, end : datetime or None
        Window, UTC; None is open.
    analyst : str
    made : datetime
    dossier : Dossier
        The evidence, as it was when saved.
    """

    story_id: int
    target: str
    title: str
    text: str
    start: dt.datetime | None
    end: dt.datetime | None
    analyst: str
    made: dt.datetime
    dossier: Dossier

    def figures(self) -> dict[str, dict[str, Any]]:
        """The figure specs of its sections, by section; see :mod:`flowsleuth.viz`."""
        from flowsleuth.viz import figures

        return figures(self.dossier)


def save_story(case: CaseDatabase, analyst: str, investigation: Investigation, title: str, text: str) -> Story:
    """Save an investigation; the live story of the same target and window gives way in the same transaction.

    Raises
    ------
    OptionError
        The title is empty, or title or text is too long.
    """
    from flowsleuth.store.case import now

    title = title.strip()
    if not title:
        raise OptionError("a story needs a title", where="--save")
    for what, longest in ((title, TITLE_LONGEST), (text, TEXT_LONGEST)):
        if len(what) > longest:
            raise OptionError(f"longer than {longest:,} characters", where="title or text of the story")
    inquiry = investigation.findings.inquiry
    dossier = investigation.dossier(title, text)
    made = now()
    row = {
        "target": investigation.target,
        "start": inquiry.start,
        "end": inquiry.end,
        "title": title,
        "text": text,
        "dossier": dossier.to_dict(),
        "analyst": analyst,
        "made": made,
    }
    same = {"target": investigation.target, "start": inquiry.start, "end": inquiry.end, "replaced": None}
    with case.transaction(analyst) as writing:
        before = [old["story_id"] for old in writing.rows("story", same, order=["story_id"])]
        writing.update("story", {"replaced": made}, same)
        story_id = int(writing.insert("story", row))
        detail = {"target": investigation.target, "title": title, "replaces": before}
        writing.audit("save-story", "story", story_id, detail)
    return Story(story_id, investigation.target, title, text, inquiry.start, inquiry.end, analyst, made, dossier)


def list_stories(case: CaseDatabase) -> pa.Table:
    """Live stories, the latest first; one for each target and window."""
    import pyarrow as pa

    rows = case.arrow("story", {"replaced": None}, order=["-story_id"], columns=LISTED)
    seen: set[Any] = set()
    keep = []
    for row in rows.select(["target", "start", "end"]).to_pylist():
        key = tuple(row.values())
        keep.append(key not in seen)  # two that were saved at the same instant on PostgreSQL: the later one counts
        seen.add(key)
    return rows.filter(pa.array(keep, pa.bool_()))


def load_story(case: CaseDatabase, story_id: int) -> Story:
    """A story by its id; also one that was replaced, as it was.

    Raises
    ------
    OptionError
        There is no such story.
    """
    if isinstance(story_id, bool) or not isinstance(story_id, int):
        raise OptionError("a story_id is a whole number", where=str(story_id))
    rows = case.rows("story", {"story_id": story_id})
    if not rows:
        raise OptionError("no story has this id", where=str(story_id), hint="see: flowsleuth story list")
    row = rows[0]
    dossier = Dossier.from_dict(row.pop("dossier"))
    row.pop("replaced")
    return Story(**row, dossier=dossier)


def remove_story(case: CaseDatabase, analyst: str, story_id: int) -> None:
    """Take a story off the list; it stays in the database, and the audit trail says who did it.

    Raises
    ------
    OptionError
        There is no such live story.
    """
    from flowsleuth.store.case import now

    with case.transaction(analyst) as writing:
        if not writing.update("story", {"replaced": now()}, {"story_id": story_id, "replaced": None}):
            raise OptionError("no live story has this id", where=str(story_id), hint="see: flowsleuth story list")
        writing.audit("remove-story", "story", story_id)


def sentences(story: Story) -> list[str]:
    """What the flows of a story show, in words."""
    from flowsleuth.viz.page import findings_text

    return findings_text(story.dossier)
