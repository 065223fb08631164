"""Evidence as runs: the files of one stamped folder are one run, every other file is one of its own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC
from typing import Any

from cells.models import Evidence
from cells.ssot.mirror import READ_LIMIT, Mirror

STAMPED = re.compile(r"\d{8}")
SUMMARY = 400  # characters
STATUSES = {"success", "failed"}


def runs_of(
    rows: Iterable[Evidence], mirror: Mirror, undecided: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Newest first; each {id, evidence_ids, type, reports_dir, summary, status, related_files, timestamp, …}."""
    grouped: dict[str, list[Evidence]] = {}
    for row in rows:
        grouped.setdefault(_run_of(row.path), []).append(row)
    return [
        _run(name, files, mirror) | {"trust": _trust(files, undecided)} for name, files in grouped.items()
    ]


def _trust(files: list[Evidence], undecided: Collection[str]) -> str:
    if any(row.source == Evidence.GITHUB for row in files):
        return "external"
    return "proposal" if {row.commit for row in files} & {*undecided} else "ssot"


def _run_of(path: str) -> str:
    """The stamped folder a file lies in, else the file itself."""
    folder = path.rpartition("/")[0]
    return folder if STAMPED.search(folder.rpartition("/")[2]) else path


def _run(name: str, files: list[Evidence], mirror: Mirror) -> dict[str, Any]:
    newest = files[0]
    folder = name if len(files) > 1 or name != newest.path else name.rpartition("/")[0]
    ident = name.rpartition("/")[2] if folder == name else name.rpartition("/")[2].rsplit(".", 1)[0]
    claims = [_claim(row, claim) for row in files for claim in row.claims.all()]
    dated = min(files, key=lambda row: ("high", "medium", "low").index(row.observed_confidence))
    return {
        "id": ident, "evidence_ids": [row.pk for row in files], "type": newest.kind, "reports_dir": folder,
        "summary": _summary(newest, mirror), "status": _status(ident, claims),
        "related_files": sorted(row.path for row in files),
        "timestamp": f"{dated.observed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "timestamp_certain": dated.observed_zone == "written" and dated.exact,
        "flags": sorted({flag["code"] for row in files for flag in row.flags}),
        "details": {c["predicate"]: c["value"] for c in claims if c["subject"] == ident and c["predicate"] == "manifest"},
        "claims": claims[:40],
    }  # fmt: skip


def _claim(row: Evidence, claim: Any) -> dict[str, Any]:
    at = claim.observed_at or row.observed_at
    return {
        "subject": claim.subject, "predicate": claim.predicate, "value": claim.value, "unit": claim.unit,
        "vantage": claim.vantage, "observed_at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "path": row.path,
        "line": claim.line,
    }  # fmt: skip


def _status(ident: str, claims: list[dict[str, Any]]) -> str:
    """What the run's own files say; "" when they say nothing or contradict each other."""
    said = {c["value"] for c in claims if c["predicate"] == "status" and c["subject"] == ident}
    return said.pop() if len(said) == 1 and said <= STATUSES else ""


def _summary(row: Evidence, mirror: Mirror) -> str:
    if row.picture or row.size > READ_LIMIT:
        return row.title
    text = mirror.data(row.blob).decode("utf-8-sig", "replace")
    return f"{row.title}; {' '.join(text[:2000].split())}"[:SUMMARY]
