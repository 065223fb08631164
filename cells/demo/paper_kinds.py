"""What each kind of evidence looks like: small templates filled with the cell's own figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cells.demo import png, tables
from cells.demo.clock import JST, jst_day, jst_stamp, jst_text, utc_stamp, utc_text
from cells.demo.company import Cell, dice
from cells.demo.forms import json_bytes, service_yaml, sli_report

Made = tuple[dict[str, bytes], str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a template may look at: the cell, the moment, its age in days, its own dice, its number."""

    cell: Cell
    at: datetime
    age: float
    rng: Random
    index: int

    @property
    def value(self) -> float:
        metric = self.cell.metric
        value = metric.at(self.age) + dice(f"{self.cell.key}/{self.index}/v").uniform(-1, 1) * metric.noise
        return round(min(value, 100.0) if metric.unit == "%" else max(value, 0.0), 1)

    @property
    def figure(self) -> str:
        return f"{figure(self.value)} {self.cell.metric.unit}"

    @property
    def remark(self) -> str:
        return self.cell.remarks[self.index % len(self.cell.remarks)]

    @property
    def met(self) -> bool:
        metric = self.cell.metric
        return self.value >= metric.target if metric.better == "higher" else self.value <= metric.target


def figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 200 else f"{value:.1f}"


def run(sheet: Sheet) -> Made:
    folder = f"{sheet.cell.folder}/runs/{utc_stamp(sheet.at)}"
    ready = sheet.at + timedelta(seconds=round(sheet.value))
    revision = f"{sheet.cell.key}-{sheet.index:05d}"
    log = "\n".join(
        (
            f"[{utc_text(sheet.at)}] apply infra/k8s/overlays/dev/{sheet.cell.key}-ksvc.yaml",
            f"service.serving.knative.dev/{sheet.cell.key} configured",
            f"[{utc_text(sheet.at + timedelta(seconds=4))}] waiting for revision {revision}",
            f"[{utc_text(ready)}] READY=True after {sheet.value:.0f} s",
            f"curl http://{sheet.cell.key}.default.example.com -> 200 in {sheet.rng.randint(41, 230)} ms",
            f"# {sheet.remark}",
            "",
        )
    )
    result = {
        "run_id": f"{sheet.cell.key}-{utc_stamp(sheet.at)}",
        "status": "success",
        "ready": True,
        "http_status": 200,
        "apply_seconds": round(sheet.value),
        "finished_at": utc_text(ready),
    }
    files = {
        f"{folder}/run.log": log.encode(),
        f"{folder}/result.json": json_bytes(result),
        f"{folder}/after.yaml": service_yaml(sheet.cell.key, ready, revision).encode(),
    }
    return files, f"run {revision} READY=True in {sheet.value:.0f} s"


def ksvc(sheet: Sheet) -> Made:
    body = service_yaml(sheet.cell.key, sheet.at, f"{sheet.cell.key}-{sheet.index:05d}")
    return {
        f"{sheet.cell.folder}/ksvc_{sheet.cell.key}_{jst_stamp(sheet.at)}.yaml": body.encode()
    }, "service READY=True"


def sli(sheet: Sheet) -> Made:
    total = sheet.rng.choice((20, 200, 1000))
    body = sli_report(sheet.cell, sheet.at, sheet.value, total, "devbox", sheet.remark)
    path = f"{sheet.cell.folder}/sli_{sheet.cell.key}_{utc_stamp(sheet.at)}.md"
    return {path: body.encode()}, f"SLI {sheet.figure} of {total} requests"


def metrics(sheet: Sheet) -> Made:
    metric = sheet.cell.metric
    body = {
        "cell": sheet.cell.key,
        "generated_at": jst_text(sheet.at),
        "window_days": sheet.rng.choice((1, 7, 28)),
        "metrics": {metric.name: sheet.value},
        "unit": metric.unit,
        "target": metric.target,
        "met": sheet.met,
        "comment": sheet.remark,
    }
    name = sheet.at.astimezone(JST).strftime("%Y%m%d_%H%M")
    return {f"{sheet.cell.folder}/metrics_{name}.json": json_bytes(body)}, f"{metric.name} {sheet.figure}"


def selfcost(sheet: Sheet) -> Made:
    asks = sheet.rng.randint(18, 46)
    body = {
        "generated_at": utc_text(sheet.at),
        "asks": asks,
        "tokens": {"in": asks * sheet.rng.randint(2400, 3900), "out": asks * sheet.rng.randint(310, 620)},
        "task_seconds": asks * sheet.rng.randint(4, 9),
        "runner_minutes": round(asks * sheet.rng.uniform(0.4, 1.1), 1),
        "retries": sheet.rng.randint(0, 3),
        "yen_per_decision": sheet.value,
        "comment": sheet.remark,
    }
    path = f"{sheet.cell.folder}/self_cost_{utc_stamp(sheet.at)}.json"
    return {path: json_bytes(body)}, f"{asks} asks at {sheet.figure} each"


def decision(sheet: Sheet) -> Made:
    day = jst_day(sheet.at)
    verdict = "carry on" if sheet.met else "look again next week"
    body = (
        f"# Decision card {day}\n\n| question | answer |\n|---|---|\n"
        f"| yen per decided proposal | {sheet.figure} (target {sheet.cell.metric.target:g}) |\n"
        f"| runner minutes this week | {sheet.rng.randint(90, 240)} |\n| decision | {verdict} |\n\n{sheet.remark}\n\n"
        f"FOOTER RUN=self-cost-{utc_stamp(sheet.at)} VERIFY={'PASS' if sheet.met else 'REVIEW'}\n"
    )
    return {
        f"reports/decision/decision_{day.replace('-', '')}.md": body.encode()
    }, f"decision card, {verdict}"


def chart(sheet: Sheet) -> Made:
    """The curve of the ninety days before, as a picture."""
    metric = sheet.cell.metric
    throw = dice(f"{sheet.cell.key}/{sheet.index}/chart")
    values = [metric.at(sheet.age + 90 - 3 * day) + throw.uniform(-2, 2) * metric.noise for day in range(31)]
    path = f"{sheet.cell.folder}/img/{metric.name}_{jst_stamp(sheet.at)}.png"
    return {path: png.chart(values, metric.target)}, f"90 days of {metric.name} as a picture"


def screen(sheet: Sheet) -> Made:
    """A dashboard without a renderer: the same bytes every time, and nobody noticed."""
    path = f"{sheet.cell.folder}/img/dashboard_{jst_stamp(sheet.at)}.png"
    return {path: png.empty_panel()}, "dashboard screenshot"


def note(sheet: Sheet) -> Made:
    day = jst_day(sheet.at)
    if sheet.cell.language == "ja":
        title, said = (
            f"# {sheet.cell.title} メモ {day}",
            f"今日の {sheet.cell.metric.name} は {sheet.figure}。",
        )
    else:
        title, said = (
            f"# {sheet.cell.title}, note of {day}",
            f"{sheet.cell.metric.name} today: {sheet.figure}.",
        )
    body = f"{title}\n\n{sheet.remark}\n\n{said}\n\n— {sheet.cell.owner}\n"
    return {f"{sheet.cell.folder}/{day}_note.md": body.encode()}, f"note, {sheet.figure}"


def memo(sheet: Sheet) -> Made:
    """No time in the name: only the text says when."""
    when = f"観測時刻: {sheet.at.astimezone(JST):%Y-%m-%d %H:%M} JST"
    body = f"# {sheet.cell.title}\n\n{when}\n\n- {sheet.remark}\n- {sheet.cell.metric.name}: {sheet.figure}\n"
    return {f"{sheet.cell.folder}/memo_{sheet.index:02d}.md": body.encode()}, f"memo, {sheet.figure}"


def check(sheet: Sheet) -> Made:
    at = sheet.at.astimezone(JST)
    lines = [f"check {sheet.cell.key} started {jst_text(at)}"]
    lines += [
        f"{at + timedelta(seconds=7 * step):%H:%M:%S} probe {step + 1}/5 {'ok' if sheet.met or step else 'warn'}"
        for step in range(5)
    ]
    lines += [
        f"{sheet.cell.metric.name}={sheet.value:g}{sheet.cell.metric.unit}",
        f"note: {sheet.remark}",
        "",
    ]
    state = "ok" if sheet.met else "below target"
    return {
        f"{sheet.cell.folder}/check_{at:%Y%m%d-%H%M%S}.txt": "\n".join(lines).encode()
    }, f"check {state}, {sheet.figure}"


def table(sheet: Sheet) -> Made:
    rows = tables.rows(sheet.cell.key, sheet.rng, sheet.value)
    day = jst_day(sheet.at).replace("-", "")
    body = "\n".join(",".join(map(str, row)) for row in rows) + f"\n# {sheet.remark}\n"
    return {f"{sheet.cell.folder}/table_{day}.csv": body.encode()}, f"table of {len(rows) - 1} rows"


def ask(sheet: Sheet) -> Made:
    chapter = sheet.cell.chapter(sheet.age)
    body = {
        "mode": "update_north_star",
        "cell": sheet.cell.key,
        "created_at": utc_text(sheet.at),
        "understanding": {"C": chapter.c[0], "G": chapter.short[0], "delta": chapter.delta[0]},
        "state_patch": [
            {
                "match_heading": "Evidence",
                "operation": "append_after_heading",
                "markdown": f"- {sheet.remark}",
            }
        ],
        "memory_patch": {"merge": {sheet.cell.key: {sheet.cell.metric.name: sheet.value}}},
        "rationale": [sheet.remark],
        "warnings": [],
    }
    path = f"reports/ask/ask_{sheet.cell.key}_{utc_stamp(sheet.at)}.json"
    return {path: json_bytes(body)}, "answer of /ask update_north_star"


def verdict(sheet: Sheet) -> Made:
    number = 900 - round(sheet.age * 2)
    body = {
        "pr_number": number,
        "judged_at": utc_text(sheet.at),
        "action": {"suggested": "AUTO_MERGE_OK", "confidence": round(sheet.rng.uniform(0.86, 0.97), 2)},
        "risk_level": "LOW",
        "notes_for_humans": [sheet.remark],
    }
    path = f"{sheet.cell.folder}/verdict_pr{number}_{utc_stamp(sheet.at)}.json"
    return {path: json_bytes(body)}, f"verdict for #{number}: AUTO_MERGE_OK"


def groom(sheet: Sheet) -> Made:
    waiting = [
        {"number": 880 - round(sheet.age * 2) - 7 * step, "category": kind, "recommended_action": action}
        for step, (kind, action) in enumerate(
            (("ssot", "needs_decision"), ("ephemeral", "keep_open"), ("needs-triage", "clarify_scope"))
        )
    ]
    body: dict[str, Any] = {
        "generated_at": utc_text(sheet.at),
        "classifications": waiting,
        "oldest_open_days": round(sheet.value),
        "rationale": [sheet.remark],
        "warnings": [],
    }
    return {
        f"{sheet.cell.folder}/groom_{utc_stamp(sheet.at)}.json": json_bytes(body)
    }, f"oldest proposal {sheet.value:.0f} days"


KINDS: dict[str, Callable[[Sheet], Made]] = {
    kind.__name__: kind
    for kind in (
        run,
        ksvc,
        sli,
        metrics,
        selfcost,
        decision,
        chart,
        screen,
        note,
        memo,
        check,
        table,
        ask,
        verdict,
        groom,
    )
}
