"""From git and rows to a case: all that the contract is told about a proposal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

import pygit2
from django.db.models import prefetch_related_objects

from cells import health
from cells.contract.case import Case, Checks, File, Support, Trust
from cells.contract.citations import cited
from cells.disagreements import claimed, conflicts_in, fresh
from cells.evidence.assign import CellIndex
from cells.evidence.conflicts import Conflict, DatedClaim
from cells.models import Cell, Evidence, Patch, PullRequest, Repository
from cells.patches import change, life, pulled
from cells.patches.brought import Brought, brought
from cells.patches.contents import files_of
from cells.patches.ground import Ground
from cells.patches.known import Known, Trees, document_of, folder_of, past
from cells.patches.standing import Standing, Waiting, compare
from cells.placing import index_of
from cells.sentences import Sentence
from cells.ssot.mirror import Mirror, decoded, moment

BATCH = 50  # patches whose bytes are held at once, and whose evidence is looked up at once
DAY = 86_400


def of_change(mirror: Mirror, base: str, tip: str, known: Known) -> Case:
    """What commit `tip` holds against `base` ("" for a first commit). Raises KeyError for a commit git does not hold."""
    commit = mirror.commit(tip)
    tree = commit.tree
    diff = mirror.commit(base).tree.diff_to_tree(tree) if base else tree.diff_to_tree(swap=True)
    title, _, body = change.clean(decoded(commit, commit.raw_message)).strip().partition("\n")
    return _cited(Case(files_of(mirror, diff), title=title, rationale=body.strip()), known)[0]


def of_patch(patch: Patch, mirror: Mirror, main: str) -> Case:
    """The case of one row. For many rows of a repository `Builder` asks the database only once."""
    return next(Builder(patch.repository, mirror, main).cases([patch]))[1]


def _cited(case: Case, known: Known) -> tuple[Case, Known]:
    """The case with its citations looked up, and what was known, the proposal's own files included."""
    own = frozenset(file.path for file in case.files if file.status != "deleted")
    known = replace(known, own=known.own | own)
    return replace(case, citations=known.resolved(cited(case.files, case.rationale))), known


@dataclass(frozen=True, slots=True)
class _Draft:
    """A patch as git tells it, the paths of the evidence it may rest on, and the evidence it brings."""

    patch: Patch
    case: Case
    rests_on: tuple[str, ...] = ()
    brought: Brought = field(default_factory=Brought)


class Builder:
    """The cases of one repository's patches against `main`; what they share is looked up once."""

    def __init__(self, repository: Repository, mirror: Mirror, main: str) -> None:
        self.repository = repository
        self.mirror = mirror
        self.main = main
        self.as_of = health.as_of(repository)
        self.ground = Ground(mirror, main)

    def cases(self, patches: Iterable[Patch]) -> Iterator[tuple[Patch, Case]]:
        """Each patch with its case, in order. One that git cannot read has all its paths unseen."""
        rows = list(patches)
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            prefetch_related_objects(batch, "cells", "lane", "pull")
            drafts = [self._draft(patch) for patch in batch]
            evidence = self._evidence(sorted({path for draft in drafts for path in draft.rests_on}))
            for draft in drafts:
                yield draft.patch, self._with_rows(draft, evidence)

    @cached_property
    def known(self) -> Known:
        history = past(self.mirror, self.main)
        numbers = history.pull_requests
        if numbers:  # those that wait are younger, and exist as well
            there = PullRequest.objects.filter(connection__repository=self.repository)
            numbers |= frozenset(there.values_list("number", flat=True))
        return Known(Trees(self.mirror), self.main, numbers, history.folders)

    @cached_property
    def standings(self) -> dict[int, Standing]:
        rows = Patch.objects.filter(repository=self.repository, state=life.PROPOSED)
        columns = ("pk", "title", "kind", "author_email", "author_name", "authored_at", "files")
        return compare(
            [
                Waiting(pk, f"#{pk} {title[:80]}", (kind, email or name), at, _content(files))
                for pk, title, kind, email, name, at, files in rows.values_list(*columns)
            ]
        )

    @cached_property
    def conflicts(self) -> dict[str, list[Conflict]]:
        return conflicts_in(self.repository, self.as_of, self.told)

    @cached_property
    def told(self) -> list[DatedClaim]:
        return claimed(self.repository, self.as_of)

    @cached_property
    def told_of(self) -> dict[str, list[DatedClaim]]:
        """What is claimed, by subject: a proposal speaks of few of them."""
        found: defaultdict[str, list[DatedClaim]] = defaultdict(list)
        for one in self.told:
            found[one.claim.subject].append(one)
        return found

    @cached_property
    def hints(self) -> CellIndex:
        return index_of(self.repository.cells.select_related("lane"))

    @cached_property
    def projects(self) -> tuple[str, ...]:
        return tuple(self.repository.projects.values_list("key", flat=True))

    def _draft(self, patch: Patch) -> _Draft:
        try:
            case, known = _cited(self._of_git(patch), self.known)
        except (LookupError, ValueError, pygit2.GitError):
            unseen = tuple(str(file["path"]) for file in patch.files)
            return _Draft(patch, Case((), title=patch.title, applies=False, unseen=unseen))
        case = replace(case, shadows=tuple(self.ground.shadowed(case.files)))
        return _Draft(patch, case, tuple(_rests_on(case, known, patch)), self._brought(patch, case))

    def _brought(self, patch: Patch, case: Case) -> Brought:
        """Who proposes writes the time of the commit; nobody can have seen it before it was."""
        made = min(moment(self.mirror.commit(patch.tip).commit_time), patch.proposed_at)
        return brought(case.files, made, self.hints, self.projects, self.ground.holding)

    def _of_git(self, patch: Patch) -> Case:
        """What would land: main's bytes now, and after the merge. Where it does not apply, the branch's own change."""
        proposal = change.compute(self.mirror, self.main, patch.tip)
        files: tuple[File, ...] = ()
        if proposal.merged is not None:
            files = files_of(
                self.mirror, self.mirror.commit(self.main).tree.diff_to_index(proposal.merged.index)
            )
        elif proposal.merge_base:
            base, tip = self.mirror.commit(proposal.merge_base), self.mirror.commit(patch.tip)
            files = files_of(self.mirror, base.tree.diff_to_tree(tip.tree))
        return Case(
            files, title=patch.title, rationale=patch.rationale, applies=proposal.obstacle is None,
            on_main=proposal.contained,
        )  # fmt: skip

    def _with_rows(self, draft: _Draft, evidence: dict[str, Evidence]) -> Case:
        patch = draft.patch
        cells = list(patch.cells.all())
        standing = self.standings.get(patch.pk, Standing())
        return replace(
            draft.case,
            branch=patch.branch,
            origin="fork" if pulled.from_fork(patch) else "source",
            draft=pulled.is_draft(patch),
            kind=patch.kind,
            lane=patch.lane.key if patch.lane else "",
            cell=cells[0].key if cells else "",
            cell_contract=cells[0].contract if cells else "",
            cell_contracts=tuple(dict.fromkeys(cell.contract for cell in cells if cell.contract)),
            checks=cast(Checks, patch.checks),
            age_days=max((self.as_of - patch.authored_at).total_seconds() / DAY, 0.0),
            twins=standing.twins,
            replaced_by=standing.replaced_by,
            support=tuple(_support(draft, evidence)),
            own_evidence=tuple(draft.brought.support.values()),
            conflicts=tuple(self._conflicts(cells, draft.brought)),
        )

    def _conflicts(self, cells: Iterable[Cell], own: Brought) -> Iterable[Sentence]:
        """Those about its cells that stand already, and those that its own evidence would make; each once."""
        standing = [found.sentence for cell in cells for found in self.conflicts.get(cell.key, ())]
        made = own.conflicts(self.told_of, self.as_of - fresh()) if own.claims else ()
        return {str(one): one for one in (*standing, *(found.sentence for found in made))}.values()

    def _evidence(self, paths: Sequence[str]) -> dict[str, Evidence]:
        """Path to its row on main, in few queries; what GitHub told counts where main has no such file."""
        found: dict[str, Evidence] = {}
        for start in range(0, len(paths), 500):
            rows = Evidence.objects.filter(
                repository=self.repository, current=True, path__in=paths[start : start + 500]
            )
            found |= {row.path: row for row in rows if self._is_meant(row)}
        return found

    def _is_meant(self, row: Evidence) -> bool:
        """A path means the repository's own file, where there is one of that name."""
        return row.source == Evidence.SSOT or not self.known.trees.has(self.main, row.path)


def _content(files: list[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((file["path"], f"{file.get('mode', '')} {file.get('new', '')}") for file in files))


def _rests_on(case: Case, known: Known, patch: Patch) -> Iterator[str]:
    """Paths the text cites, those of the runs it cites, and those its edits were made from; never itself."""
    seen: set[str] = set()
    own = {file.path for file in case.files}
    found = [path for edit in patch.edits for path in edit.get("evidence", ())]
    for citation in case.citations:
        if citation.exists and citation.kind in ("path", "run"):
            named = (
                known.of_run(citation.target)
                if citation.kind == "run"
                else [known.path_of(citation.target, folder_of(citation))]
            )
            # A message that names the files it brings describes them; a document that does rests on them.
            citing = {document_of(citation)} if citation.place else own
            found += [path for path in named if path not in citing]
    for path in found:
        if path not in seen:
            seen.add(path)
            yield path


def _support(draft: _Draft, evidence: dict[str, Evidence]) -> Iterator[Support]:
    """The evidence as main holds it; what only the proposal brings has nobody's word but its own."""
    own = {file.path for file in draft.case.files if file.status != "deleted"}
    for path in draft.rests_on:
        if path in draft.brought.support:
            yield draft.brought.support[path]
        elif path in evidence and path not in own:
            row = evidence[path]
            flags = {flag["code"]: Sentence(flag["text"], flag["params"]) for flag in row.flags}
            certain = (row.observed_zone, row.observed_confidence) == ("written", "high")
            trust: Trust = "ssot" if row.source == Evidence.SSOT else "external"
            yield Support(path, trust, flags, row.observed_at, certain)
