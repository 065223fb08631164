"""What waiting proposals change, in every condition a proposal can be in.

Each is made on main as it stood at its age and may read that main; what it returns are file
changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cells.demo import png
from cells.demo.clock import Clock, jst_day, jst_stamp, jst_text, utc_stamp, utc_text
from cells.demo.company import Company
from cells.demo.forms import json_bytes

Files = dict[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Base:
    """Main as a proposal sees it: `read` gives a file's text, `below` the paths of a folder."""

    company: Company
    clock: Clock
    age: float
    read: Callable[[str], str]
    below: Callable[[str], list[str]]

    @property
    def stamp(self) -> str:
        return utc_stamp(self.clock.ago(self.age) - timedelta(minutes=2))

    def newest(self, cell: str) -> str:
        """The last file, by name, of a cell's reports."""
        return self.below(f"reports/{cell}")[-1]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One waiting branch; {stamp} in its name is the moment it was made, `cites` a cell whose newest report it cites."""

    branch: str
    age: float
    author: str
    subject: str
    body: str
    make: Callable[[Base], Files]
    cites: str = ""

    def message(self, base: Base, files: Files) -> str:
        """The commit message: what, why, and the evidence it adds or leans on."""
        added = [path for path, body in files.items() if path.startswith("reports/") and body is not None]
        evidence = added[:1] or ([base.newest(self.cites)] if self.cites else [])
        return "\n\n".join([self.subject, self.body, *(f"Evidence: {path}" for path in evidence)]) + "\n"


def append(path: str, line: Callable[[Base], str]) -> Callable[[Base], Files]:
    """Add one line at the end of a document (our STATE files end with their evidence)."""
    return lambda base: {path: f"{base.read(path).rstrip(chr(10))}\n{line(base)}\n".encode()}


def reword(path: str, old: str, new: str) -> Callable[[Base], Files]:
    """Replace a passage that must be there: a story that no longer fits its main is a mistake of ours."""

    def make(base: Base) -> Files:
        text = base.read(path)
        if old not in text:
            raise ValueError(f"{path} does not say {old!r} {base.age} days ago")
        return {path: text.replace(old, new, 1).encode()}

    return make


def north_star(path: str, key: str, said: str) -> Callable[[Base], Files]:
    """One more evidence line in the STATE of a cell, naming its newest report."""
    return append(path, lambda base: f"- `{base.newest(key)}` ({said})")


def unsure(base: Base) -> Files:
    """The careful answer to the conflict: no patch of STATE, only the record that it was asked."""
    body = {
        "mode": "update_north_star",
        "cell": "metrics-echo",
        "created_at": utc_text(base.clock.ago(base.age)),
        "outcome": "plan-only",
        "state_patch": [],
        "memory_patch": {},
        "rationale": [
            "READY=True (control plane) and success rate 0 % (devbox, 20 requests) exclude each other."
        ],
        "missing_evidence": [
            "the same 20 requests from the shop network",
            "the ingress host as seen by the devbox",
        ],
        "warnings": ["Do not average the two. One of them is wrong."],
    }
    return {f"reports/ask/ask_metrics-echo_{base.stamp}.json": json_bytes(body)}


def cost_report(base: Base) -> Files:
    metric = base.company.cell("self-cost").metric
    at = base.clock.ago(base.age)
    body = {
        "generated_at": utc_text(at),
        "asks": 31,
        "runner_minutes": 22.4,
        "yen_per_decision": 28.6,
        "retries": 1,
    }
    picture = png.chart([metric.at(60 - 3 * step) for step in range(20)], metric.target)
    return {
        f"reports/self-cost/self_cost_{base.stamp}.json": json_bytes(body),
        f"reports/self-cost/img/{metric.name}_{jst_stamp(at)}.png": picture,
    }


def letter(base: Base) -> Files:
    day = jst_day(base.clock.ago(base.age))
    body = (
        f"# 月便り 下書き {day}\n\n作成日時: {jst_text(base.clock.ago(base.age))}\n\n"
        "今月は冬の焚き火(仮)を二人の手で焼きました。どちらがどちらの釜か、当てた方はお便りください。\n"
    )
    return {f"reports/subscription/{day}_letter_draft.md": body.encode()}


def twin(base: Base) -> Files:
    """Byte for byte the same on both branches: nothing in it depends on the branch's own minute."""
    at = base.clock.ago(4.2)
    body = {
        "mode": "u_contract",
        "cell": "shop-latency",
        "created_at": utc_text(at),
        "understanding": {
            "C": "p95 382 ms in three cities",
            "G": "under 400 ms until the new year",
            "delta": "none today",
        },
        "plan": [{"id": "p1", "desc": "Repeat the three-city probe on the two sale days"}],
        "acceptance": ["p95 under 400 ms on both days, or a report that says why not"],
    }
    return {f"reports/ask/ask_shop-latency_{utc_stamp(at)}.json": json_bytes(body)}


def truncated(base: Base) -> Files:
    """What a model returns when its tokens run out: the rest of the document is gone."""
    path = "STATE/shop/current_state.md"
    lines = base.read(path).splitlines()
    kept = lines[: len(lines) * 3 // 7]
    return {
        path: ("\n".join(kept) + "\n\n- ギフト期の間は、まず決済 SDK の更新を終えたうえで、次に").encode()
    }


def broken_memory(base: Base) -> Files:
    text = base.read("data/memory.json")
    return {"data/memory.json": text.replace('"phase": "3",', '"phase": "3" "season": "gift",', 1).encode()}


def archive_cat(base: Base) -> Files:
    files: Files = {}
    for path in base.below("reports/sample-hello-cat"):
        files[path] = None
        files[path.replace("reports/", "reports/archive/", 1)] = base.read(path).encode()
    swarm = base.read("swarm.toml")
    before, cell = swarm.split('key = "sample-hello-cat"', 1)
    cell = cell.replace('stage = "active"', 'stage = "archived"', 1)
    cell = cell.replace("reports/sample-hello-cat/**", "reports/archive/sample-hello-cat/**", 1)
    return files | {"swarm.toml": f'{before}key = "sample-hello-cat"{cell}'.encode()}


def gift_box(base: Base) -> Files:
    """A new cell, written before the first relation as a person would."""
    cell = (
        '[[cells]]\nkey = "gift-box"\nlane = "business-kpi"\nproject = "shop"\ntitle = "Gift box"\n'
        'north_star = "A gift arrives on the day it is meant for, with the right name on it."\n'
        'state = "STATE/shop/gift-box.md"\nevidence = ["reports/gift-box/**"]\nask = ["update_north_star"]\n'
        'contract = "business-kpi"\nstage = "candidate"\nowner = "sora"\ncadence = "weekly"\n\n'
    )
    state = (
        "# STATE: shop / gift-box（Gift box）\n\n## Current (C)\n\n- Gifts are ordinary orders with a remark field.\n\n"
        "## Goal (G)\n\n**Short term**\n\n- Count gifts separately this season.\n\n"
        "## Gap (δ)\n\n- We cannot say how many gifts were late last year.\n"
    )
    swarm = base.read("swarm.toml").replace("[[relations]]", f"{cell}[[relations]]", 1)
    return {"swarm.toml": swarm.encode(), "STATE/shop/gift-box.md": state.encode()}
