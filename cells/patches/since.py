"""What changed since you looked: from the digest and the verdict that a person saw to what waits now.

The digest is looked up among what the patch was, and computed again from git: what does not come out the same is
not shown as what she saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from cells.models import Patch
from cells.patches import between, change, earlier, life, meanwhile
from cells.patches.diff import FILES
from cells.patches.moves import obstacle
from cells.patches.verdicts import fingerprint
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror

COMMITS = 10  # of main, that are named

UNKNOWN = sentence("What you saw is no longer known here; read it anew.")
UNSTUCK = sentence("It did not apply when you looked; now it does. Read what it would do.")
UNDERNEATH = sentence("Main changed a file that this touches, so it would land something else than you saw.")
CHANGED = sentence("It would land something else than you saw.")
UNJUDGED = sentence("The contract judges it again; it will within seconds. Until then nobody can approve it.")
FIRST = sentence("The contract has judged it since you looked.")
OTHERWISE = sentence("It would land the same as you saw, but the contract judges it differently now.")
REWORDED = sentence(
    "Its title or its description was changed since you looked. They become the message of the commit; read them again."
)
NOTHING = sentence("Nothing about it changed since you looked.")


@dataclass(frozen=True, slots=True)
class Judged:
    """The contract's word then and now, None where there was none; the reasons that came and went.

    `known` is False when what it said then is forgotten.
    """

    then: dict[str, Any] | None
    now: dict[str, Any] | None
    known: bool = True
    came: tuple[dict[str, Any], ...] = ()
    went: tuple[dict[str, Any], ...] = ()

    @property
    def moved(self) -> bool:
        return not self.known or fingerprint(self.then) != fingerprint(self.now)


@dataclass(frozen=True, slots=True)
class Lands:
    """What landing would change now and not then. `known` is False when it cannot be told what she saw; `cut` when there
    are more files than are looked at."""

    known: bool = True
    moved: bool = False
    applied: bool = True
    cut: bool = False
    files: tuple[between.FileSince, ...] = ()
    under: tuple[between.Under, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """`patch` is what to decide about now: the version that replaced hers, when `newer`."""

    patch: Patch
    newer: bool
    sentence: Sentence
    standing: tuple[Sentence, ...]
    judged: Judged
    lands: Lands

    @property
    def moved(self) -> bool:
        """Whether there is anything to tell."""
        return self.newer or self.patch.state != life.PROPOSED or self.lands.moved or self.judged.moved

    @property
    def verdict(self) -> str:
        """The fingerprint to approve under."""
        return fingerprint(self.patch.verdict)

    @property
    def decidable(self) -> bool:
        """Whether a decision about `patch` can be taken right where hers was refused."""
        return not self.newer and self.patch.state == life.PROPOSED

    @property
    def complete(self) -> bool:
        """Whether all of what differs is told: who has read it has read everything there is to approve."""
        told = self.lands.known and self.lands.applied and not self.lands.cut and self.judged.known
        return told and all(file.complete for file in self.lands.files)

    @property
    def under(self) -> tuple[between.Under, ...]:
        return self.lands.under[:COMMITS]

    @property
    def more_under(self) -> int:
        return max(0, len(self.lands.under) - COMMITS)


def since(patch: Patch, digest: str, verdict: str | None = None, *, reader: User | None = None) -> Since:
    """From what she saw to now. `verdict` is the fingerprint she saw; None when she was not shown one. Her own claim
    is no news to her."""
    newer = meanwhile.newest(patch) if patch.state == life.SUPERSEDED else None
    now = newer or patch
    was = [one for one in earlier.versions(patch) if one["digest"] == digest]
    lands, judged = _lands(patch, now, was), _judged(now, was, verdict)
    gone = patch.state != life.PROPOSED
    said = meanwhile.happened(patch) if gone else _lead(patch, lands, judged)
    return Since(now, newer is not None, said, tuple(_standing(now, lands, reader)), judged, lands)


def _lands(patch: Patch, now: Patch, was: list[dict[str, Any]]) -> Lands:
    if was and was[-1]["digest"] == now.digest and patch.pk == now.pk:
        return Lands(applied=now.applies)
    mirror = Mirror(patch.repository.mirror)
    main = was[-1]["main"] if was else ""
    if not mirror.has(main) or not mirror.has(patch.tip):
        return Lands(known=False, moved=True)
    before = change.compute(mirror, main, patch.tip)
    if before.digest != was[-1]["digest"]:
        return Lands(known=False, moved=True)
    main = now.main if mirror.has(now.main) else mirror.tip(f"refs/heads/{now.repository.branch}")
    after = change.compute(mirror, main, now.tip)
    paths = {file[name] for one in (before, after) for file in one.files for name in ("path", "old_path")}
    return Lands(
        moved=before.digest != after.digest, applied=before.merged is not None,
        cut=any(len(one.files) > FILES for one in (before, after)),
        files=tuple(between.files(mirror, before, after)),
        under=tuple(between.under(mirror, before.main, after.main, paths)),
    )  # fmt: skip


def _judged(now: Patch, was: list[dict[str, Any]], verdict: str | None) -> Judged:
    then = [one["verdict"] for one in was if verdict is None or fingerprint(one["verdict"]) == verdict]
    if not then and verdict != "":
        return Judged(None, now.verdict, known=verdict == fingerprint(now.verdict))
    before, after = _reasons(then[-1] if then else None), _reasons(now.verdict)
    return Judged(
        then[-1] if then else None, now.verdict,
        came=tuple(after[key] for key in after if key not in before),
        went=tuple(before[key] for key in before if key not in after) if now.verdict else (),
    )  # fmt: skip


def _reasons(verdict: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    """By what makes a reason the same one, as the fingerprint of a verdict sees it."""
    found = verdict["reasons"] if verdict else []
    return {fingerprint({"decision": "", "risk": "", "reasons": [one]}): one for one in found}


def _lead(patch: Patch, lands: Lands, judged: Judged) -> Sentence:
    """The one thing to know first about a patch that still waits."""
    if not lands.known:
        return UNKNOWN
    if lands.moved and not patch.applies:
        return obstacle(patch)
    if lands.moved and not lands.applied:
        return UNSTUCK
    if lands.moved:
        return UNDERNEATH if lands.under else CHANGED
    if not judged.moved:
        return NOTHING
    if judged.now is None:
        return UNJUDGED
    if judged.then and judged.then.get("words") != judged.now.get("words"):
        return REWORDED
    return OTHERWISE if judged.then or not judged.known else FIRST


def _standing(patch: Patch, lands: Lands, reader: User | None) -> Iterator[Sentence]:
    yield from meanwhile.standing(patch, reader)
    if patch.state == life.PROPOSED and patch.verdict is None and lands.moved:
        yield UNJUDGED
