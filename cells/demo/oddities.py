"""Evidence as it really arrives: contradictory, empty, broken, copied, dated in the future, unfilled."""

from __future__ import annotations

from datetime import datetime, timedelta

from cells.demo import png
from cells.demo.clock import JST, Clock, jst_stamp, utc_stamp, utc_text
from cells.demo.commits import Commit
from cells.demo.company import Company
from cells.demo.forms import json_bytes, service_yaml, sli_report


def oddities(company: Company, clock: Clock) -> list[Commit]:
    return [
        *_conflict(company, clock),
        _plan_only(clock),
        _empty(clock),
        _nudge(clock),
        _future(clock),
        _copied(company, clock),
        _template(clock),
        _handover(clock),
        _daily(clock),
    ]


def _conflict(company: Company, clock: Clock) -> list[Commit]:
    """The control plane says READY, the devbox gets nothing: measured twice on one day, and again yesterday."""
    cell = company.cell("metrics-echo")
    found = []
    for age, total in ((3.05, 20), (0.9, 20)):
        ready, seen = clock.ago(age), clock.ago(age) + timedelta(minutes=48)
        yaml = service_yaml("metrics-echo", ready, "metrics-echo-00031")
        report = sli_report(cell, seen, 0.0, total, "devbox", "Every request ended in 'connection refused'.")
        found += [
            Commit(
                ready + timedelta(minutes=4),
                "codex-worker",
                "reports(metrics-echo): service READY=True",
                "The control plane calls the service ready and all three conditions are True.",
                {f"reports/metrics-echo/ksvc_metrics-echo_{jst_stamp(ready)}.yaml": yaml.encode()},
            ),
            Commit(
                seen + timedelta(minutes=6),
                "sora",
                f"reports(metrics-echo): SLI 0 % of {total} requests",
                "Measured from the devbox within the hour of READY=True. Both are recorded; neither is corrected.",
                {f"reports/metrics-echo/sli_metrics-echo_{utc_stamp(seen)}.md": report.encode()},
            ),
        ]
    return found


def _plan_only(clock: Clock) -> Commit:
    at = clock.ago(33.4)
    body = {
        "mode": "update_north_star",
        "cell": "packaging-cost",
        "created_at": utc_text(at),
        "outcome": "plan-only",
        "state_patch": [],
        "memory_patch": {},
        "rationale": [
            "The newest count of parcels is older than 60 days and no invoice has arrived since August."
        ],
        "missing_evidence": [
            "invoices of supplier A, August to October",
            "invoices of supplier B, August to October (prices, not prose)",
            "one count of parcels by box size after the change to the small box",
        ],
        "warnings": ["A new C would be a guess. The cell is shelved until the list above is shorter."],
    }
    return _odd(
        clock.ago(33.3),
        "vpm-rules",
        "ask(packaging-cost): plan-only, evidence is missing",
        "Nothing to patch: the answer names three missing pieces of evidence and proposes no change.",
        f"reports/ask/ask_packaging-cost_{utc_stamp(at)}.json",
        json_bytes(body),
    )


def _empty(clock: Clock) -> Commit:
    at = clock.ago(27.2)
    return _odd(
        clock.ago(27.19),
        "codex-worker",
        "reports(shop-latency): nightly SLI",
        "Written by the nightly job. The disk was full; the file is here, its content is not.",
        f"reports/shop-latency/sli_shop-latency_{utc_stamp(at)}.md",
        b"",
    )


def _nudge(clock: Clock) -> Commit:
    at = clock.ago(61.5)
    return _odd(
        clock.ago(61.45),
        "kai-bot",
        "ask(checkout): store answer",
        "The answer came back as a sentence and was stored under the name of an answer.",
        f"reports/ask/ask_checkout_{utc_stamp(at)}.json",
        b"please run the checks again, thank you\n",
    )


def _future(clock: Clock) -> Commit:
    at = clock.ago(-24.0).astimezone(JST)
    body = f"check roaster-watch\n観測時刻: {at:%Y-%m-%d %H:%M} JST\nprobe 1/1 ok\nnote: 釜の時計が進んでいた。\n"
    return _odd(
        clock.ago(18.0),
        "codex-worker",
        "reports(roaster-watch): check after the power cut",
        "The controller came back with the wrong date. The reading is fine, its clock is not.",
        f"reports/roaster-watch/check_{at:%Y%m%d-%H%M%S}.txt",
        body.encode(),
    )


def _copied(company: Company, clock: Clock) -> Commit:
    """Last month's picture, copied and renamed into this month's folder."""
    at, metric = clock.ago(15.3), company.cell("repeat-rate").metric
    picture = png.chart([metric.at(120 - 4 * step) for step in range(20)], metric.target)
    folder = "reports/repeat-rate/img"
    return Commit(
        clock.ago(15.25),
        "kai-bot",
        "reports(repeat-rate): charts for the letter",
        "Two pictures for the weekly letter. They are the same picture; one of them should have been this month.",
        {
            f"{folder}/repeat_90d_{jst_stamp(at - timedelta(days=30))}.png": picture,
            f"{folder}/repeat_90d_{jst_stamp(at)}.png": picture,
        },
    )


def _template(clock: Clock) -> Commit:
    body = "# Weekly Report: {{project}} / {{date}}\n\n## 1. Summary\n\n- {{one sentence}}\n\n## 4. Next 3\n\n1. {{next}}\n"
    return _odd(
        clock.ago(349.0),
        "mika",
        "reports: template for the weekly letter",
        "One form for three writers. Copy it, fill it, keep the headings.",
        "reports/templates/weekly.md.tmpl",
        body.encode(),
    )


def _handover(clock: Clock) -> Commit:
    at = clock.at_desk(212.0)
    body = (
        f"# 引き継ぎメモ\n\n観測時刻: {at:%Y-%m-%d %H:%M} JST\n\n"
        "健さんが三日休むあいだの釜の番は悠衣。迷ったら手引きの「困ったとき」。猫のごはんは 18 時。\n"
    )
    return _odd(
        at + timedelta(minutes=12),
        "ken",
        "reports: 引き継ぎメモ",
        "三日休むので、釜と猫について。",
        f"reports/handover_note_{jst_stamp(at)[:-2]}.md",
        body.encode(),
    )


def _daily(clock: Clock) -> Commit:
    body = "# Daily\n\nThe shop is open. The drum is warm. The cat has been fed.\n\nFOOTER RUN=daily VERIFY=PASS\n"
    return _odd(
        clock.ago(7.3),
        "sora",
        "reports: daily page without a date",
        "A page that is always true needs no date, but it proves little. Kept until somebody replaces it.",
        "reports/daily.md",
        body.encode(),
    )


def _odd(at: datetime, author: str, subject: str, body: str, path: str, content: bytes) -> Commit:
    return Commit(at, author, subject, f"{body}\n\nEvidence: {path}", {path: content})
