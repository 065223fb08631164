"""CONTEXT_JSON: what an ask is given, built from rows and documents, newest first, within a token budget.

Every item says whom it can be trusted like: "ssot" stands on main by a person's decision, "proposal" waits for
one, "external" came from elsewhere. The same rows give the same context, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from functools import cached_property
from typing import Any

from django.conf import settings

from cells import disagreements, health, standing
from cells.asks import backlog
from cells.asks.backlog import stamp
from cells.asks.documents import Documents, document
from cells.asks.runs import runs_of
from cells.evidence.claims import vantages_of
from cells.evidence.conflicts import Conflict, DatedClaim
from cells.models import Ask, Cell, Evidence, Fact, Patch, Review, StateVersion
from cells.patches import life
from cells.ssot.mirror import Mirror
from cells.stored import as_stored

FACTS = ("current", "goal", "goal_short", "goal_mid", "gap")
EXCERPT = 20_000  # characters of one proposed file
TOLD = 10  # pieces of evidence from GitHub
BACKLOG = 0.9  # of the budget, for a question about it


def build(ask: Ask, mirror: Mirror, head: str) -> dict[str, Any]:
    """The context of `ask` at the commit `head`; see docs/asks.md for its shape."""
    cell = ask.cell
    if cell is None:
        raise ValueError("an ask about a cell that is gone has no context")
    said: dict[str, Any] = as_stored(Builder(ask, cell, mirror, head).context())
    return said


class Builder:
    """What the parts of one context share."""

    def __init__(self, ask: Ask, cell: Cell, mirror: Mirror, head: str) -> None:
        self.ask, self.cell, self.mirror, self.head = ask, cell, mirror, head
        self.repository = ask.repository
        self.documents = Documents(cell, mirror, head)
        self.left = settings.VPM_ASK_BUDGET
        self.left_out: dict[str, int] = {}

    @cached_property
    def standing(self) -> StateVersion | None:
        """The STATE in force, its own or its project's."""
        return standing.of_cell(self.cell)[0]

    @cached_property
    def automatic(self) -> dict[int, str]:
        """Patch to commit of what landed by the contract alone: on main, and yet nobody's decision."""
        rows = Patch.objects.filter(repository=self.repository, state=life.LANDED, reviews__void__isnull=True)
        return dict(rows.filter(reviews__decision="approve", reviews__by=None).values_list("pk", "commit"))

    def context(self) -> dict[str, Any]:
        """In the order in which the budget is spent: what is asked about first."""
        as_of = health.as_of(self.repository)
        said: dict[str, Any] = {
            "schema": "vpm_context_v1", "mode": self.ask.mode, "repository": self.repository.key,
            "head": self.head, "as_of": stamp(as_of), "stamp": f"{self.ask.created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            "project": self.project(), "cell": self.about(),
            "notes_from_human": [self.ask.notes] if self.ask.notes else [], "previous": self.previous(),
        }  # fmt: skip
        said["subject"] = self.subject()
        said["pull_requests"] = self.backlog()
        runs = runs_of(self.evidence(), self.mirror, self.automatic.values())
        said["recent_evidence_runs"] = self.take("recent_evidence_runs", runs, 0.35)
        named = [run["id"] for run in said["recent_evidence_runs"]]
        states = list(self.documents.states(named))
        said["current_state_excerpt"] = self.excerpt(states)
        said["state_documents"] = self.take("state_documents", states, 0.4)
        memory = list(self.documents.memory(named))
        said["memory_documents"] = self.take("memory_documents", memory, 0.5)
        said["current_memory_excerpt"] = (
            said["memory_documents"][0]["object"] if said["memory_documents"] else {}
        )
        said["facts"] = self.facts()
        said |= self.disagreements()
        said["decisions"] = self.take("decisions", self.decisions(), 0.2)
        said["recent_prs"] = self.take("recent_prs", self.proposals(), 0.3)
        said["weekly"] = self.take("weekly", self.weekly(), 0.4)
        said["documents"] = self.take(
            "documents", self.documents.docs() if self.ask.mode == "doc_update" else (), 0.9
        )
        said["left_out"] = self.left_out
        return said

    def take(self, name: str, items: Iterable[dict[str, Any]], share: float) -> list[dict[str, Any]]:
        """The first items that fit into a share of what is left of the budget; the others are counted."""
        allowed, taken, cut = int(self.left * share), [], 0
        for item in items:
            cost = tokens(item)
            if cut or cost > allowed:
                cut += 1
                continue
            allowed -= cost
            self.left -= cost
            taken.append(item)
        if cut:
            self.left_out[name] = cut
        return taken

    def project(self) -> dict[str, Any] | None:
        project = self.cell.project
        return (
            {"key": project.key, "title": project.title, "state_path": project.state_path}
            if project
            else None
        )

    def about(self) -> dict[str, Any]:
        cell = self.cell
        return {
            "key": cell.key, "lane": cell.lane.key, "title": cell.title, "north_star": cell.north_star,
            "stage": cell.stage, "contract": cell.contract, "owner": cell.owner, "state_path": cell.state_path,
            "state_section": cell.state_section, "memory_path": cell.memory.partition("#")[0],
        }  # fmt: skip

    def evidence(self) -> list[Evidence]:
        """The cell's newest in the repository, then a few that GitHub told: those never push out the others.

        A path that the repository has a file of means that file, so GitHub's document of that name is left out.
        """
        rows = Evidence.objects.filter(repository=self.repository, current=True, cells=self.cell)
        own, told = (rows.filter(source=one).prefetch_related("claims") for one in Evidence.SOURCES)
        return [*own[:80], *(row for row in told[:TOLD] if row.path not in self.documents.files)]

    def excerpt(self, states: list[dict[str, Any]]) -> str:
        """What the STATE says of the cell: the facts in force, as written; else its first document's beginning."""
        version = self.standing
        if version is None:
            return str(states[0]["text"][:4000]) if states else ""
        lines = self.documents.text(version.path).splitlines()
        facts = [fact for fact in version.facts.all() if fact.kind in FACTS]
        spans = sorted({(fact.line, fact.last_line) for fact in facts})
        return "\n".join("\n".join(lines[first - 1 : last]) for first, last in spans)[:4000]

    def facts(self) -> dict[str, Any]:
        """C, goals, δ and tasks of the STATE in force, as written."""
        version = self.standing
        rows: list[Fact] = list(version.facts.all()) if version else []
        said: dict[str, Any] = {kind: [row.text for row in rows if row.kind == kind][:40] for kind in FACTS}
        said["tasks"] = [
            {"text": row.text, **{name: row.data.get(name) for name in ("id", "done", "owner", "deadline")}}
            for row in rows
            if row.kind == "task"
        ][:60]
        return said

    def disagreements(self) -> dict[str, Any]:
        """Conflicts about the cell, and from where its availability was looked at."""
        now = health.as_of(self.repository)
        told = disagreements.claimed(self.repository, now)
        conflicts = disagreements.conflicts_in(self.repository, now, told)[self.cell.key]
        seen, missing = vantages_of([dated.claim for dated in told], self.cell.key)
        return {
            "conflicts": [conflict_as_json(conflict) for conflict in conflicts],
            "vantages": {"seen": list(seen), "missing": list(missing)},
        }

    def decisions(self) -> Iterator[dict[str, Any]]:
        rows = Review.objects.filter(
            patch__repository=self.repository, patch__cells=self.cell, void__isnull=True
        )
        for row in rows.select_related("patch", "by")[:20]:
            yield {
                "patch": row.patch_id, "title": row.patch.title, "decision": row.decision, "reason": row.reason,
                "by": row.who, "at": stamp(row.at), "trust": "ssot" if row.by_id else "proposal",
            }  # fmt: skip

    def proposals(self) -> Iterator[dict[str, Any]]:
        """Recent proposals about the cell, without what this very question proposed: that is no news to it."""
        own = Ask.objects.filter(cell=self.cell, mode=self.ask.mode, patch__isnull=False).values("patch")
        rows = Patch.objects.filter(repository=self.repository, cells=self.cell)
        for row in rows.exclude(pk__in=own, state=life.PROPOSED)[:30]:
            decided = row.state == life.LANDED and row.pk not in self.automatic
            yield {
                "number": None, "patch": row.pk, "title": row.title, "state": row.state, "labels": [row.kind],
                "merged_at": stamp(row.landed_at) if row.landed_at else None, "summary": row.rationale[:400],
                "trust": "ssot" if decided else "proposal",
            }  # fmt: skip

    def backlog(self) -> list[dict[str, Any]]:
        """What waits, for the question about the backlog: all of it in few words before some of it in many."""
        if self.ask.mode != backlog.MODE:
            return []
        items, beyond = backlog.waiting(self.repository)
        if sum(map(tokens, items)) > self.left * BACKLOG:
            items = [backlog.short(item) for item in items]
        taken = self.take("pull_requests", items, BACKLOG)
        if out := beyond + len(items) - len(taken):
            self.left_out["pull_requests"] = out
        return taken

    def weekly(self) -> Iterator[dict[str, Any]]:
        """The newest two weekly reports of the project."""
        rows = Evidence.objects.filter(repository=self.repository, current=True, kind="weekly")
        if self.cell.project:
            rows = rows.filter(project=self.cell.project)
        yield from (document(row.path, self.documents.text(row.path)) for row in rows[:2])

    def subject(self) -> dict[str, Any] | None:
        """The patch the question is about, with what its files would hold."""
        patch = self.ask.subject
        if patch is None:
            return None
        return {
            "patch": patch.pk, "number": None, "branch": patch.branch, "title": patch.title,
            "author": patch.author_name, "rationale": patch.rationale, "checks": patch.checks,
            "verdict": backlog.verdict(patch), "trust": "proposal",
            "files": [
                {name: file[name] for name in ("path", "status", "added", "removed")}
                | {"content": self._proposed(patch, file)}
                for file in patch.files[:30]
            ],
        }  # fmt: skip

    def _proposed(self, patch: Patch, file: dict[str, Any]) -> str | None:
        text = None if file["binary"] else self.mirror.text(patch.tip, file["path"])
        return text[:EXCERPT] if text is not None else None

    def previous(self) -> dict[str, Any] | None:
        """An answer that was sent back, with what the person said about it."""
        parent = self.ask.parent
        if parent is None or not self.ask.comment:
            return None
        return {"answer": parent.answer or parent.reply, "comment": self.ask.comment}


def tokens(item: Any) -> int:
    """About how many tokens a model reads: four bytes each, for English and Japanese alike a little too many."""
    return len(json.dumps(item, ensure_ascii=False).encode("utf-8", "replace")) // 4 + 1


def conflict_as_json(conflict: Conflict) -> dict[str, Any]:
    """With both statements and where they stand."""
    return {
        "kind": conflict.kind, "subject": conflict.subject, "sentence": str(conflict.sentence),
        "left": _claim(conflict.left), "right": _claim(conflict.right),
    }  # fmt: skip


def _claim(dated: DatedClaim) -> dict[str, Any]:
    claim = dated.claim
    return {
        "subject": claim.subject, "predicate": claim.predicate, "value": claim.value, "unit": claim.unit,
        "vantage": claim.vantage, "line": claim.line, "path": dated.evidence, "observed_at": stamp(dated.at),
    }  # fmt: skip
