"""What a pull request and our comments say at GitHub, in English: GitHub is read by everybody of the project.

Words of models and of repositories stand in code, where nobody is mentioned, no issue is closed and no tag is one.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from cells.hosts.github.inert import inert
from cells.models import Patch, Review
from cells.patches import life
from cells.pulls.quoting import code, fenced, told

TITLE = 250  # characters; GitHub takes 256
TEXT = 8_000
ROWS = 20  # of a list


def title(patch: Patch) -> str:
    """One line without an effect, as it may become that of a commit."""
    return inert(" ".join(patch.title.replace("\0", "").split()))[:TITLE] or f"Patch {patch.pk}"


def body(patch: Patch, reviews: list[Review]) -> str:
    """What, why, from which evidence, what the contract says, who approved, and where to read on.

    Somebody who merges it by a squash may make it the message of a commit, where code is none: it is inert as well.
    """
    with translation.override("en"):
        parts = [
            _part("What", f"{code(patch.title)}\n\n{_listed(file['path'] for file in patch.files)}"),
            _part("Why", quoted(patch.rationale) or "Nothing was said."),
            _part("Evidence", _listed(_evidence(patch)) or "None is named."),
            _part("Verdict", _verdict(patch.verdict or {})),
            _part("Approved by", _listed(map(_who, reviews))),
        ]
    return "\n\n".join([*map(inert, parts), link(patch)])


def decided(patch: Patch, review: Review) -> str:
    """The comment that tells of a decision, with its reason."""
    did = {Review.REJECT: "rejected", Review.SEND_BACK: "sent back", Review.ARCHIVE: "archived"}[
        review.decision
    ]
    by = code(review.by.get_username()) if review.by else "The contract"
    parts = [f"{by} **{did}** this in VPM.", quoted(review.reason), link(patch)]
    return "\n\n".join(part for part in parts if part)


def let_go(patch: Patch) -> str:
    """The comment under a pull request that is not needed any more."""
    if patch.state == life.LANDED:
        return f"It landed as {code(patch.commit)} instead.\n\n{link(patch)}"
    with translation.override("en"):
        why = told(patch.state_note) or "The approval it was made for does not stand any more."
    return f"Closed by VPM. {why}\n\n{link(patch)}"


def link(patch: Patch) -> str:
    return f"[Patch {patch.pk} in VPM]({settings.VPM_URL}{reverse('patch', args=[patch.pk])})"


def quoted(text: str) -> str:
    """Somebody's words as a block, bounded; "" for none."""
    text = text.replace("\0", "").strip()
    text = text if len(text) <= TEXT else f"{text[:TEXT]}…"
    return fenced(text, "text") if text else ""


def _part(name: str, text: str) -> str:
    return f"### {name}\n\n{text}"


def _listed(items: Any) -> str:
    lines = [f"- {code(str(item))}" for item in items]
    more = [f"- and {len(lines) - ROWS} more"] if len(lines) > ROWS else []
    return "\n".join(lines[:ROWS] + more)


def _evidence(patch: Patch) -> list[str]:
    return sorted({path for edit in patch.edits for path in edit.get("evidence", ())})


def _verdict(verdict: dict[str, Any]) -> str:
    if not verdict:
        return "The contract did not judge it."
    first = f"{code(verdict['decision'])}, category {code(verdict['category'])}, risk {code(verdict['risk'])}"
    reasons = [f"- {told(reason)}" for reason in verdict.get("reasons", [])[:ROWS]]
    return "\n".join([first, "", *reasons]).strip()


def _who(review: Review) -> str:
    if review.by is None:
        return f"the contract, version {(review.verdict or {}).get('contract', '')}"
    how = " (by hand, in an emergency)" if review.emergency else ""
    return f"{review.by.get_full_name() or review.by.get_username()}{how}"
