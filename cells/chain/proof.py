"""Proving a trail: a chain, wherever it was read from, beside the branches whose landings it tells of. No database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cells.chain.landings import Agreed, Until, agree, ancestors, claims, parents_of
from cells.chain.links import Broken
from cells.chain.whole import Chain
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.commands import GitFailed, git

SHORTEST = 8  # characters of a hash that somebody kept


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a git folder, and what the trail calls its repository."""

    key: str
    folder: Path
    name: str


def branch_of(folder: str, chain: Chain) -> Branch:
    """A clone, bare or with a work tree: the trail's repository of its name, or the only one there is. Raises Refused."""
    path = Path(folder).resolve()
    if not path.is_dir():
        raise Refused(
            sentence(
                "No repository is known as %(name)s, and there is no such folder; give the path of a clone.",
                name=folder,
            )
        )
    key, told = path.name.removesuffix(".git"), sorted(chain.landings)
    if told and key not in told:
        if len(told) > 1:
            raise Refused(
                sentence(
                    "The trail tells of several repositories (%(keys)s), and this folder is called %(name)s; give it one of those names.",
                    keys=", ".join(told),
                    name=key,
                )
            )
        key = told[0]
    path = path / ".git" if (path / ".git").exists() else path
    return Branch(key, path, "HEAD" if _stands(path, "HEAD") else "refs/heads/main")


def beside(chain: Chain, branch: Branch, until: Until, since: str = "") -> Agreed:
    """One branch beside the chain, after the commit `since`. Raises Broken, and Refused for what git cannot read."""
    try:
        before = ancestors(branch.folder, since) if since else set()
        # A mirror that is gone has no landing.
        stands = _stands(branch.folder, branch.name)
        said = claims(branch.folder, branch.name, since) if stands else []
        merged = parents_of(branch.folder, branch.name, chain.merged) if stands and chain.merged else {}
    except GitFailed as failed:
        raise Refused(
            sentence("Git cannot read %(name)s: %(error)s", name=branch.key, error=str(failed)[:300])
        ) from failed
    return agree(chain, branch.key, said, until, before, merged)


def _stands(folder: Path, name: str) -> bool:
    try:
        return bool(git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"))
    except GitFailed:
        return False


def check_kept(chain: Chain, kept: str) -> None:
    """A head that somebody kept elsewhere is one of the chain's. Raises Broken or Refused."""
    if len(kept) < SHORTEST:
        raise Refused(sentence("Give at least %(count)s characters of the hash you kept.", count=SHORTEST))
    if not chain.holds(kept.lower()):
        raise Broken(
            sentence(
                "No link has a hash that begins with %(hash)s: the chain was made anew or cut off since then; compare with an export or backup from then.",
                hash=kept,
            )
        )


def told(chain: Chain, agreed: list[Agreed] | None, waiting: int = 0) -> Iterator[Sentence]:
    """What was proved, in sentences; `agreed` is None when nobody looked at git."""
    beside_git = (
        sentence("git was not looked at (--repo names a clone)")
        if agreed is None
        else sentence("%(count)s landings agree with git", count=sum(one.landings for one in agreed))
    )
    yield sentence(
        "%(events)s events, chain whole, head %(head)s; %(git)s.",
        events=chain.head.seq,
        head=str(chain.head),
        git=beside_git,
    )
    if older := sum(one.older for one in agreed or ()):
        yield sentence("Landings from before the chain, whose commits name no head: %(count)s.", count=older)
    if newer := sum(one.newer for one in agreed or ()):
        yield sentence("Commits too new for this trail, which were not checked: %(count)s.", count=newer)
    if waiting:
        yield sentence("Events of the last minute that are not linked yet: %(count)s.", count=waiting)
