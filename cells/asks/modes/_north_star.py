"""What update_north_star is given, and what the newest run says literally about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cells.asks.modes._common import Given, need, one_line
from cells.asks.modes._context import (
    Cell,
    Conflict,
    Document,
    Memory,
    Project,
    Run,
    Vantages,
    hours_between,
    moment,
)
from cells.asks.modes._recorded import Remembered, disagreement, heading_for, names, remembered, run_lines


class Context(Given):
    cell: Cell
    recent_evidence_runs: list[Run]
    project: Project | None = None
    state_documents: list[Document] = []
    memory_documents: list[Memory] = []
    conflicts: list[Conflict] = []
    vantages: Vantages = Vantages()

    def documents(self) -> set[str]:
        """The paths an answer may change: what was shown, and the cell's and project's own."""
        own = {self.cell.state_path, self.cell.memory_path, self.project.state_path if self.project else ""}
        shown = {each.path for each in self.state_documents} | {each.path for each in self.memory_documents}
        return (own | shown) - {""}


def literally(context: dict[str, Any]) -> dict[str, Any]:
    """The newest usable run's line under the section that names it, and its time in memory; else plan-only."""
    seen = Context.model_validate(context)
    if seen.conflicts:
        return _contradicted(seen)
    usable = [run for run in seen.recent_evidence_runs if not run.unusable()]
    if not usable:
        return _without_runs(seen)
    usable.sort(key=lambda run: run.timestamp, reverse=True)
    warnings: list[str] = []
    state = list(_state(seen, usable, warnings))
    memory = _memory(seen, usable, warnings)
    if not state and not memory:
        return _nothing_new(usable[0], warnings)
    return _answer(
        state_patch=state,
        memory_patch=memory or {"merge": {}},
        rationale=list(_why(state, memory, usable)),
        warnings=warnings,
    )


def _answer(**said: Any) -> dict[str, Any]:
    empty = {"state_patch": [], "memory_patch": {"merge": {}}, "rationale": [], "warnings": []}
    return {**empty, "plan": [], "needs": [], **said}


def _contradicted(seen: Context) -> dict[str, Any]:
    shown = seen.conflicts[:10]
    timed = [each for each in shown if each.kind == "time-zone"]
    missing = [] if len(timed) == len(shown) else seen.vantages.missing
    needs = [need("metric", "success_rate", vantage) for vantage in missing]
    needs += [need("", "ts")] if timed else []
    return _answer(
        rationale=["The evidence about this cell contradicts itself, so it carries no change."],
        warnings=list(dict.fromkeys(each.words() for each in shown)),
        plan=[f"Measure success_rate from this vantage point: {vantage}." for vantage in missing]
        + (["Let a person say which of the times holds, and correct the other."] if timed else []),
        needs=needs or [need("metric")],
    )


def _without_runs(seen: Context) -> dict[str, Any]:
    tried = [run for run in seen.recent_evidence_runs if run.status or run.type in ("run", "log")]
    if seen.recent_evidence_runs and not tried:
        return _not_runs()
    unused = [f"Run {run.id} was not used: {run.unusable()}." for run in tried[:5]]
    return _answer(
        rationale=["No run of this cell succeeded on the main branch with a time that names its zone."],
        warnings=unused,
        plan=["Run the cell again, and let the run record its status and its time in UTC."],
        needs=[need("run", "status")],
    )


def _not_runs() -> dict[str, Any]:
    """Measurements and notes: a model may read more in them, the rules record only runs."""
    return _answer(
        rationale=[
            "The newest evidence says nowhere whether a run succeeded, and the rules record only runs."
        ],
        plan=["Ask a model, or let the cell's runs record their status."],
    )


def _nothing_new(newest: Run, warnings: list[str]) -> dict[str, Any]:
    wrong = bool(warnings)
    return _answer(
        rationale=[f"The documents have nothing to add from the newest usable run, {newest.id}."],
        warnings=warnings,
        plan=["Let a person say which of the times holds, and correct the other."] if wrong else [],
        needs=[need("", "ts")] if wrong else [],
    )


def _state(seen: Context, runs: list[Run], warnings: list[str]) -> Iterator[dict[str, Any]]:
    """One line per section: the newest run that the section names and that has no evidence line yet."""
    taken: set[tuple[str, str]] = set()
    for run in runs:
        lines = list(run_lines(seen.state_documents, run))
        places = ((f"{each.path}:{each.line}", each.ts) for each in lines)
        warnings += filter(None, (disagreement(run, place, ts) for place, ts in places))
        for document in seen.state_documents:
            heading = heading_for(document, run)
            if not heading:
                continue
            if not lines and (document.path, heading) not in taken:
                yield _append(document.path, heading, run, seen.cell)
            taken.add((document.path, heading))
            break


def _append(path: str, heading: str, run: Run, cell: Cell) -> dict[str, Any]:
    return {
        "path": path,
        "match_heading": heading,
        "operation": "append_after_heading",
        "markdown": _line(run, cell.title or cell.key),
        "evidence": run.related_files[:20],
    }


def _line(run: Run, title: str) -> str:
    """The documents' own form of an evidence line; only keys whose value is known."""
    manifest = run.details.get("manifest")
    said = {
        "run_id": run.id,
        "reports_dir": run.reports_dir,
        "manifest": manifest if isinstance(manifest, str) else "",
        "status": "success" + (" (READY=True)" if _ready(run) else ""),
        "ts": run.timestamp,
    }
    pairs = ", ".join(f"{key}={one_line(value, 300)}" for key, value in said.items() if value)
    return f"- Evidence ({one_line(title, 80)}): {pairs}"


def _ready(run: Run) -> bool:
    said = {str(claim.get("value")) for claim in run.claims if claim.get("predicate") == "ready"}
    return said == {"True"}


def _memory(seen: Context, runs: list[Run], warnings: list[str]) -> dict[str, Any]:
    """The first memory document with an object whose time is older than its run's; {} when none is."""
    for memory in seen.memory_documents:
        late = list(_late(memory, runs, warnings))
        if late:
            merge: dict[str, Any] = {}
            for each, run in late:
                _deep(merge, each.merge(run.timestamp))
            evidence = dict.fromkeys(path for _, run in late for path in run.related_files[:20])
            return {"path": memory.path, "merge": merge, "evidence": list(evidence)}
    return {}


def _late(memory: Memory, runs: list[Run], warnings: list[str]) -> Iterator[tuple[Remembered, Run]]:
    """Objects whose time the newest run they name has passed. A later time is the object's own business."""
    newest: dict[tuple[str, ...], tuple[Remembered, Run]] = {}
    for run in runs:
        for each in remembered(memory, run):
            newest.setdefault(each.keys, (each, run))
    for each, run in newest.values():
        said, own = moment(each.value), moment(run.timestamp)
        if said and own and hours_between(said, own):
            warnings.append(disagreement(run, f"{memory.path} ({'.'.join((*each.keys, each.field))})", said))
        elif said is None or own is None or said < own:
            yield each, run


def _deep(into: dict[str, Any], merge: dict[str, Any]) -> None:
    for key, value in merge.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _deep(into[key], value)
        else:
            into[key] = value


def _why(state: list[dict[str, Any]], memory: dict[str, Any], runs: list[Run]) -> Iterator[str]:
    for run in runs:
        if any(names(patch["markdown"], run) for patch in state):
            yield f"Run {run.id} succeeded at {run.timestamp}; its section names it, but no evidence line records it."
    if memory:
        yield f"{memory['path']} names a run, but an older time than the run's own."
