"""One commit of the story, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit on main: file changes (None removes), by the person or bot `author`, at an aware time.

    `branch` names the side branch it came from, when that branch is still there: merged by a
    merge commit, or squashed into one.
    """

    at: datetime
    author: str
    subject: str
    body: str
    changes: dict[str, bytes | None] = field(repr=False)
    branch: str = ""
    landed: Literal["", "merge", "squash"] = ""

    @property
    def message(self) -> str:
        return f"{self.subject}\n\n{self.body}\n"
