"""What doc_update is given, and the evidence that no document cites yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from cells.asks.modes._common import Given, need, one_line
from cells.asks.modes._context import Cell, Document, Project, Run
from cells.asks.modes._recorded import names
from cells.ssot.state_lines import outline, plain

# A section that lists evidence, not one that explains what evidence should look like.
_EVIDENCE = ("evidence", "evidence links", "証拠", "証拠リンク", "エビデンス")
MOST_LINKS = 5


class Context(Given):
    cell: Cell
    recent_evidence_runs: list[Run]
    as_of: str = ""
    project: Project | None = None
    state_documents: list[Document] = []
    documents: list[Document] = []

    def paths(self) -> set[str]:
        """The documents an answer may change: what was shown, and the cell's and project's own STATE."""
        own = {self.cell.state_path, self.project.state_path if self.project else ""}
        return (own | {each.path for each in (*self.state_documents, *self.documents)}) - {""}

    def evidence(self) -> set[str]:
        folders = {run.reports_dir for run in self.recent_evidence_runs}
        return folders | {path for run in self.recent_evidence_runs for path in run.related_files}


def literally(context: dict[str, Any]) -> dict[str, Any]:
    """Links to the newest unflagged evidence that no document cites, under the first Evidence heading there is."""
    seen = Context.model_validate(context)
    fresh = [
        run
        for run in seen.recent_evidence_runs
        if run.trust == "ssot" and not run.flags and run.related_files
    ]
    uncited = [run for run in fresh if not any(_cites(each, run) for each in seen.state_documents)][
        :MOST_LINKS
    ]
    place = next(_places(seen), None)
    if not uncited:
        return _answer(
            seen,
            summary="Every piece of sound evidence about this cell is cited already.",
            needs=[need("report")],
        )
    if place is None:
        plan = ["Give one of the documents a section whose heading says Evidence; the links belong there."]
        return _answer(seen, summary="No document has one section for evidence.", notes=plan)
    document, heading = place
    links = [_link(run) for run in uncited]
    update = {
        "target": {"path": document.path, "doc_type": _type(document.path), "section_hint": heading},
        "reason": f"{len(links)} of the newest pieces of evidence are not cited there yet.",
        "change_type": "append_list_item",
        "suggestion_markdown": "\n".join(f"- `{one_line(link)}`" for link in links),
        "confidence": "high",
        "evidence": [path for run in uncited for path in run.related_files[:20]],
    }
    return _answer(
        seen, summary="Cites evidence that stands on main and that no STATE document names.", updates=[update]
    )


def _answer(seen: Context, **said: Any) -> dict[str, Any]:
    return {
        "schema_version": "doc_update_proposal_v1",
        "project_id": seen.project.key if seen.project else "",
        "generated_at": seen.as_of,
        "updates": [],
        "no_change": [],
        "notes": [],
        "needs": [],
        **said,
    }


def _cites(document: Document, run: Run) -> bool:
    """Whether the document names the run, its folder or one of its files."""
    return names(document.text, run) or any(path in document.text for path in run.related_files)


def _link(run: Run) -> str:
    return run.related_files[0] if len(run.related_files) == 1 else run.reports_dir or run.related_files[0]


def _places(seen: Context) -> Iterator[tuple[Document, str]]:
    """Documents with a heading about evidence that stands there once, STATE first."""
    for document in (*seen.state_documents, *seen.documents):
        titles = [heading.title for heading in outline(document.text).headings]
        counted = Counter(map(plain, titles))
        for title in titles:
            if _lists_evidence(title) and counted[plain(title)] == 1:
                yield document, title


def _lists_evidence(title: str) -> bool:
    return plain(title).partition("(")[0].strip().endswith(_EVIDENCE)


def _type(path: str) -> str:
    return "state" if path.startswith("STATE/") else "other"
