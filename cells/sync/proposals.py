"""Side branches into waiting patches. One that cannot be read is a sentence, and the others are read."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pygit2
from django.db import OperationalError, transaction
from django.utils import timezone

from cells import audit
from cells.hosts.source import SOURCE_REFS
from cells.models import Patch
from cells.patches import automatic, change, earlier, life, needs, paths, verdicts
from cells.patches.governing import contract_of
from cells.patches.moves import shift
from cells.patches.proposing import KEEP
from cells.placing import Placer
from cells.pulls.linking import Pulls, heads_of_forks
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.commands import git
from cells.ssot.commit import author_of
from cells.ssot.mirror import decoded, moment
from cells.sync.reading import Reading

log = logging.getLogger(__name__)

LONGEST_NAME = 500  # characters of a branch that a row holds
CONTAINED = sentence("Main already contains this change.")
GONE = sentence("Its branch was deleted at the source.")
MOVED_ON = sentence("Its branch has new commits; the newer version waits instead.")


def read(reading: Reading) -> None:
    """Propose what is new, refresh what waits, supersede what is gone or on main, take back what returned."""
    repository = reading.repository
    pulls = Pulls(repository)
    branches = branches_of(reading, pulls)
    known = {(p.branch, p.tip): p for p in Patch.objects.filter(repository=repository).exclude(branch="")}
    waiting = list(Patch.objects.filter(repository=repository, state=life.PROPOSED).select_related("pull"))
    placer = Placer(reading.repository)
    replaced = set(
        Patch.objects.filter(replaces__repository=repository, branch="").values_list("replaces", flat=True)
    )
    back = [
        known[at]
        for at in branches.items()
        if at in known
        and known[at].state == life.SUPERSEDED
        and known[at].pk not in replaced
        and pulls.ended(known[at]) is None
    ]
    work: list[tuple[str, Callable[[], object]]] = [
        *((name, partial(propose, reading, placer, pulls, name, tip)) for name, tip in branches.items() if (name, tip) not in known),
        *((patch.branch, partial(refresh, reading, pulls, patch, branches)) for patch in waiting),
        *((patch.branch, partial(take_back, reading, pulls, patch)) for patch in back),
    ]  # fmt: skip
    for number, (name, step) in enumerate(work, start=1):
        reading.progress("proposals", number, len(work))
        _guarded(reading, name, step)
    keep(reading)
    reading.progress("verdicts", 0, 1)
    if why := contract_of(reading.mirror, reading.head).why:
        reading.problems.append(why)
    reading.count("verdicts", verdicts.judge_waiting(repository, reading.mirror))
    needs.void_all_lapsed(repository)
    reading.count("automatic", automatic.consider(repository, reading.mirror))


def branches_of(reading: Reading, pulls: Pulls) -> dict[str, str]:
    """Name, as a row holds it, to tip of every side branch of the source, and of every head from a fork."""
    forks = heads_of_forks(reading.mirror)
    found = {}
    for raw, tip in sorted(reading.mirror.branches(SOURCE_REFS).items()):
        name = change.clean(raw)
        if len(name) > LONGEST_NAME:
            why = sentence(
                "The branch %(branch)s is skipped: its name is longer than %(most)s characters.",
                branch=name[:100] + "…",
                most=LONGEST_NAME,
            )
            reading.problems.append(why)
        elif name in forks:
            why = sentence(
                "The branch %(branch)s is skipped: that is the name of a pull request from a fork.",
                branch=name,
            )
            reading.problems.append(why)
        elif raw != reading.repository.branch and not pulls.is_ours(reading.mirror, name, tip):
            found[name] = tip
    return found | forks


def _guarded(reading: Reading, branch: str, step: Callable[[], object]) -> None:
    """One branch; whatever is wrong with it is said, and stops no other. A database that is away stops all."""
    try:
        step()
    except OperationalError:
        raise
    except Exception as error:
        if not isinstance(error, pygit2.GitError | LookupError | ValueError):
            log.exception("branch %s of %s cannot be read", branch, reading.repository)
        reading.problems.append(
            sentence(
                "The branch %(branch)s cannot be read: %(error)s. The others are.",
                branch=branch,
                error=change.clean(str(error))[:300],
            )
        )


def propose(reading: Reading, placer: Placer, pulls: Pulls, name: str, tip: str) -> Patch | None:
    """A new row for a branch tip that adds something to main. Its pull request may say more, and that it is over."""
    if reading.mirror.is_ancestor(tip, reading.head):
        return None
    proposal = change.compute(reading.mirror, reading.head, tip)
    if proposal.contained:
        return None
    commit = reading.mirror.commit(tip)
    author = author_of(commit)
    subject, _, body = change.clean(decoded(commit, commit.raw_message)).strip().partition("\n")
    title = (subject or name)[:300]
    cells, lane = placer.touched(proposal.files, f"{name} {title}")
    with transaction.atomic():
        patch = Patch.objects.create(
            repository=reading.repository, branch=name, tip=tip, **proposal.as_fields(),
            kind=kind_of(name, proposal.files), title=title, rationale=body.strip(),
            author_name=change.clean(author.name)[:200] or "unknown", author_email=change.clean(author.email)[:200],
            authored_at=moment(author.time), state_at=timezone.now(), lane=lane,
            replaces=Patch.objects.filter(repository=reading.repository, branch=name).order_by("-pk").first() or pulls.lands(name),
        )  # fmt: skip
        link(pulls, patch)
        patch.cells.add(*cells)
        paths.remember(patch, proposal.files)
        audit.record(
            actor="sync", verb="propose", subject=patch, repository=reading.repository.key,
            after={"state": life.PROPOSED, "branch": name, "tip": tip},
        )  # fmt: skip
    if why := pulls.ended(patch):
        supersede(patch, why)
    reading.count("patches")
    return patch


def link(pulls: Pulls, patch: Patch) -> None:
    """Let a waiting patch follow its pull request."""
    if told := pulls.told(patch):
        before = earlier.kept(patch)
        for name, value in told.items():
            setattr(patch, name, value)
        if patch.verdict and (seen := patch.verdict | verdicts.words(patch)) != patch.verdict:
            patch.verdict = seen  # nobody approves the new words by having seen the old ones
            told |= {"verdict": seen, "earlier": before}
        Patch.objects.filter(pk=patch.pk, state=life.PROPOSED).update(**told)


def refresh(reading: Reading, pulls: Pulls, patch: Patch, branches: dict[str, str]) -> None:
    """A waiting patch against today's main, today's branches and today's pull requests."""
    link(pulls, patch)
    if why := pulls.ended(patch):
        supersede(patch, why)
        return
    if patch.branch and branches.get(patch.branch) != patch.tip:
        supersede(patch, MOVED_ON if patch.branch in branches else GONE)
        return
    if reading.old == reading.head:
        return
    proposal = change.compute(reading.mirror, reading.head, patch.tip)
    if proposal.contained:
        supersede(patch, CONTAINED)
        return
    now = proposal.as_fields()
    if any(getattr(patch, name) != value for name, value in now.items() if name != "main"):
        before = earlier.kept(patch)
        with transaction.atomic():
            if Patch.objects.filter(pk=patch.pk, state=life.PROPOSED).update(earlier=before, **now):
                paths.remember(patch, proposal.files)
        reading.count("patches_refreshed")


def take_back(reading: Reading, pulls: Pulls, patch: Patch) -> None:
    """Its branch is there again, or open again, or main no longer holds its change: a superseded patch waits again."""
    if reading.mirror.is_ancestor(patch.tip, reading.head):
        return
    proposal = change.compute(reading.mirror, reading.head, patch.tip)
    if proposal.contained:
        return
    told = pulls.told(patch)
    shift(patch, "return", actor="sync", earlier=earlier.kept(patch), **proposal.as_fields(), **told)
    reading.count("patches_returned")


def supersede(patch: Patch, why: Sentence) -> None:
    """Nothing is left to decide; someone who decided in the meantime was faster."""
    try:
        shift(patch, "supersede", actor="sync", note=why)
    except Refused:
        return


def keep(reading: Reading) -> None:
    """Hold every proposal's commits in the mirror, also when the source deletes the branch."""
    held = set(reading.mirror.branches(KEEP))
    rows = Patch.objects.filter(repository=reading.repository).values_list("pk", "tip")
    new = "".join(f"create {KEEP}{pk} {tip}\n" for pk, tip in rows if str(pk) not in held)
    if new:
        git(reading.mirror.path, "update-ref", "--stdin", stdin=new)


FAMILIES = (
    (r"^ask/", "ask"),
    (r"^think/", "think"),
    (r"^autopilot/", "autopilot"),
    (r"doc-update", "doc-update"),
)
BY_PATH = (
    ("STATE/", "state"),
    ("docs/", "docs"),
    ("reports/", "report"),
    ("data/", "data"),
    ("swarm.toml", "swarm"),
)


def kind_of(branch: str, files: list[dict[str, Any]]) -> str:
    """The family its branch name says, else the one all its paths share, else "change"."""
    for pattern, kind in FAMILIES:
        if re.search(pattern, branch):
            return kind
    for prefix, kind in BY_PATH:
        if files and all(file["path"].startswith(prefix) for file in files):
            return kind
    return "change"
