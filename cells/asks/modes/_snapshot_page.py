"""The page half of a project snapshot: what its JSON says, as Markdown for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cells.asks.modes._common import one_line


def page(snapshot: dict[str, Any], day: str) -> str:
    """`snapshot` is a whole pm_snapshot_v1 object, `day` its date in Japan (YYYY-MM-DD)."""
    current, goals = snapshot["current"], snapshot["goals"]
    parts = [
        f"# PM Snapshot: {one_line(snapshot['project_id'], 80)} ({day})",
        _part("## 1. Current（C: 現在地）", _bullets([current["summary"], *current["bullets"]])),
        "## 2. Goals（G: ゴール）",
        _part("**短期**", _bullets(goals["short_term"])),
        _part("**中期**", _bullets(goals["mid_term"])),
        _part("## 3. Gap（δ: ギャップ）", _bullets(snapshot["gaps"])),
        _part("## 4. Next 3", _actions(snapshot["next_actions"])),
        _part("## 5. Evidence", _bullets(_source(each) for each in snapshot["evidence"])),
        _part("## 6. Notes", _bullets(snapshot["notes"])),
    ]
    return "\n\n".join(parts) + "\n"


def _part(heading: str, lines: Iterable[str]) -> str:
    return "\n".join([heading, "", *(list(lines) or ["- なし"])])


def _bullets(texts: Iterable[str]) -> Iterator[str]:
    """A bullet a text; a text that was several lines stays one bullet."""
    return (f"- {one_line(text, 2_000)}" for text in texts if text.strip())


def _actions(actions: list[dict[str, Any]]) -> Iterator[str]:
    for number, action in enumerate(actions, start=1):
        yield f"{number}. {one_line(action['title'])}"
        related = ", ".join([*action["evidence_refs"], *action["links"]])
        for text in (action["details"], f"関連: {related}" if related else ""):
            if text:
                yield f"   - {one_line(text, 2_000)}"


def _source(source: dict[str, Any]) -> str:
    return f"`{one_line(source['path'])}` {source['summary']}".strip()
