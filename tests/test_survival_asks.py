"""An ask ends once, with one patch at most, whatever happens to workers and to the broker meanwhile."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.factories import FILES, STATE, a_source
from tests.workers import NOBODY, Environment, beat, environment, kill, killed, manage, shell, worker

ASKS = 16
AWAY = 4  # so many of them are made while the broker is away
KILLS = 6
BAKES = FILES | {"STATE/bread/current_state.md": STATE + "\n## Bakes\n- Forty loaves.\n"}

START = """
import time
from cells.asks import asking
from cells.models import Cell
oven = Cell.objects.get(repository__key="survival", key="oven")
began = time.monotonic()
for number in range({first}, {last}):
    asking.start(cell=oven, mode="update_north_star", by=None, door="command", notes=f"Batch {{number}}.")
print(time.monotonic() - began)
"""
# What came of them, once none is `open` and every patch was judged, or as it stands after a minute and a half.
LOOK = """
import json, time
from cells.models import Ask, AuditEvent, Patch
asks, patches = Ask.objects.filter(state__in={open}), Patch.objects.filter(kind="update_north_star")
until = time.monotonic() + 90
while (asks.exists() or patches.filter(decision="").exists()) and time.monotonic() < until:
    time.sleep(0.5)
endings = AuditEvent.objects.filter(subject_type="ask", verb__in=["ask_answer", "ask_plan", "ask_fail"])
print(json.dumps(dict(
    asks=list(Ask.objects.order_by("pk").values("state", "patch", "attempts", "error", "notes")),
    endings=list(endings.values_list("subject", "verb")),
    patches=list(patches.values("pk", "state", "decision", "edits")),
)))
"""


def test_every_ask_ends_once_although_the_broker_was_away_and_workers_are_killed(tmp_path: Path) -> None:
    with slow_model() as (url, asked):
        ours = a_bakery(tmp_path, url)
        waited = float(shell(ours | {"CELERY_BROKER_URL": NOBODY}, START.format(first=0, last=AWAY)))
        assert waited < AWAY, "whoever asks does not wait for a broker that is away"
        assert [ask["state"] for ask in look(ours)["asks"]] == ["queued"] * AWAY
        processes = [beat(ours), worker(ours)]
        with killed(processes):
            shell(ours, START.format(first=AWAY, last=ASKS))
            for _ in range(KILLS):
                until_busy(asked)
                time.sleep(random.uniform(0, 1))
                kill(processes.pop())
                processes.append(worker(ours))
            found = look(ours, ("queued", "running"))
    asks = found["asks"]
    assert [ask["state"] for ask in asks] == ["answered"] * ASKS, asks
    assert Counter(verb for _, verb in found["endings"]) == {"ask_answer": ASKS}
    assert len({subject for subject, _ in found["endings"]}) == ASKS
    said = {patch["pk"]: patch["edits"][0]["markdown"] for patch in found["patches"]}
    assert sorted(ask["patch"] for ask in asks) == sorted(said), "a patch each, and no other"
    assert all(said[ask["patch"]] == line(ask["notes"]) for ask in asks), "nobody got another one's answer"
    # The contract sees many proposals for one heading too, and may call some of them replaced.
    assert {patch["state"] for patch in found["patches"]} == {"proposed"}
    assert {patch["decision"] for patch in found["patches"]} <= {"REVIEW_REQUIRED", "ARCHIVE_CANDIDATE"}
    assert asked.total() > ASKS, "no kill hit anyone at work"


def a_bakery(folder: Path, model: str) -> Environment:
    """A repository that was read, and a model service at the URL `model` that is asked by default."""
    service = {"VPM_PROVIDER": "openai", "VPM_OPENAI_BASE_URL": model, "VPM_OPENAI_API_KEY": "test-key"}
    ours = environment(folder, 2, VPM_LEASE="2", **service)
    source = a_source(folder / "source.git", BAKES, {})
    manage(ours, "migrate", "-v0")
    manage(ours, "sync", "survival", "--source", str(source.path))
    return ours


@contextmanager
def slow_model() -> Iterator[tuple[str, Counter[str]]]:
    """A model service that takes its time and answers each question differently; counts them by their note."""
    asked: Counter[str] = Counter()

    def answer(request: Request) -> Response:
        found = re.search(r"Batch \d+\.", request.get_data(as_text=True))
        note = found[0] if found else ""
        asked[note] += 1
        time.sleep(random.uniform(0.5, 1.5))
        return Response(json.dumps(response(note)), content_type="application/json")

    with HTTPServer(threaded=True) as server:
        server.expect_request("/v1/responses").respond_with_handler(answer)
        yield server.url_for("/v1"), asked


def response(note: str) -> dict[str, Any]:
    change = {
        "path": "STATE/bread/current_state.md", "match_heading": "Bakes", "operation": "append_after_heading",
        "markdown": line(note),
    }  # fmt: skip
    said = json.dumps({"state_patch": [change], "rationale": [note], "warnings": []})
    content = [{"type": "output_text", "text": said}]
    return {"id": "r", "object": "response", "output": [{"type": "message", "content": content}]}


def line(note: str) -> str:
    return f"- {note} Forty loaves more."


def until_busy(asked: Counter[str]) -> None:
    """Until the workers have asked something new, or eight seconds: most kills should hit someone at work."""
    before, until = asked.total(), time.monotonic() + 8
    while asked.total() == before and time.monotonic() < until:
        time.sleep(0.05)


def look(ours: Environment, open: tuple[str, ...] = ()) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell(ours, LOOK.format(open=open)))
    return found
