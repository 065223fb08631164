"""Side branches: what waits for a decision, in every condition a proposal can be in.

Each proposal is made on main as it stood at its age and may read that main; what it returns are
file changes. The text of a proposal says why and cites its evidence.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cells.demo import png
from cells.demo.clock import Clock, jst_day, jst_stamp, jst_text, utc_stamp, utc_text
from cells.demo.company import Company

MINUTE, HOUR = 1 / 1440, 1 / 24
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


def _append(path: str, line: Callable[[Base], str]) -> Callable[[Base], Files]:
    """Add one line at the end of a document (our STATE files end with their evidence)."""
    return lambda base: {path: f"{base.read(path).rstrip(chr(10))}\n{line(base)}\n".encode()}


def _reword(path: str, old: str, new: str) -> Callable[[Base], Files]:
    """Replace a passage that must be there: a story that no longer fits its main is a mistake of ours."""

    def make(base: Base) -> Files:
        text = base.read(path)
        if old not in text:
            raise ValueError(f"{path} does not say {old!r} {base.age} days ago")
        return {path: text.replace(old, new, 1).encode()}

    return make


def _north_star(key: str, said: str) -> Callable[[Base], Files]:
    cell_path = {"hello-s5": "STATE/shop/hello-s5.md", "roast-profile": "STATE/roastery/roast-profile.md"}[key]
    return _append(cell_path, lambda base: f"- `{base.newest(key)}` ({said})")


def _unsure(base: Base) -> Files:
    """The careful answer to the conflict: no patch of STATE, only the record that it was asked."""
    body = {
        "mode": "update_north_star",
        "cell": "metrics-echo",
        "created_at": utc_text(base.clock.ago(base.age)),
        "outcome": "plan-only",
        "state_patch": [],
        "memory_patch": {},
        "rationale": ["READY=True (control plane) and success rate 0 % (devbox, 20 requests) exclude each other."],
        "missing_evidence": ["the same 20 requests from the shop network", "the ingress host as seen by the devbox"],
        "warnings": ["Do not average the two. One of them is wrong."],
    }
    return {f"reports/ask/ask_metrics-echo_{base.stamp}.json": _json(body)}


def _cost_report(base: Base) -> Files:
    metric = base.company.cell("self-cost").metric
    at = base.clock.ago(base.age)
    body = {"generated_at": utc_text(at), "asks": 31, "runner_minutes": 22.4, "yen_per_decision": 28.6, "retries": 1}
    picture = png.chart([metric.at(60 - 3 * step) for step in range(20)], metric.target)
    return {
        f"reports/self-cost/self_cost_{base.stamp}.json": _json(body),
        f"reports/self-cost/img/{metric.name}_{jst_stamp(at)}.png": picture,
    }


def _letter(base: Base) -> Files:
    day = jst_day(base.clock.ago(base.age))
    body = (
        f"# 月便り 下書き {day}\n\n作成日時: {jst_text(base.clock.ago(base.age))}\n\n"
        "今月は冬の焚き火(仮)を二人の手で焼きました。どちらがどちらの釜か、当てた方はお便りください。\n"
    )
    return {f"reports/subscription/{day}_letter_draft.md": body.encode()}


def _twin(base: Base) -> Files:
    """Byte for byte the same on both branches: nothing in it depends on the branch's own minute."""
    at = base.clock.ago(4.2)
    body = {
        "mode": "u_contract",
        "cell": "shop-latency",
        "created_at": utc_text(at),
        "understanding": {"C": "p95 382 ms in three cities", "G": "under 400 ms until the new year", "delta": "none today"},
        "plan": [{"id": "p1", "desc": "Repeat the three-city probe on the two sale days"}],
        "acceptance": ["p95 under 400 ms on both days, or a report that says why not"],
    }
    return {f"reports/ask/ask_shop-latency_{utc_stamp(at)}.json": _json(body)}


def _truncated(base: Base) -> Files:
    """What a model returns when its tokens run out: the rest of the document is gone."""
    path = "STATE/shop/current_state.md"
    lines = base.read(path).splitlines()
    kept = lines[: len(lines) * 3 // 7]
    return {path: ("\n".join(kept) + "\n\n- ギフト期の間は、まず決済 SDK の更新を終えたうえで、次に").encode()}


def _broken_memory(base: Base) -> Files:
    text = base.read("data/memory.json")
    return {"data/memory.json": text.replace('"phase": "3",', '"phase": "3" "season": "gift",', 1).encode()}


def _archive_cat(base: Base) -> Files:
    files: Files = {}
    for path in base.below("reports/sample-hello-cat"):
        files[path] = None
        files[path.replace("reports/", "reports/archive/", 1)] = base.read(path).encode()
    swarm = base.read("swarm.toml")
    before, cell = swarm.split('key = "sample-hello-cat"', 1)
    cell = cell.replace('stage = "active"', 'stage = "archived"', 1)
    cell = cell.replace("reports/sample-hello-cat/**", "reports/archive/sample-hello-cat/**", 1)
    return files | {"swarm.toml": f'{before}key = "sample-hello-cat"{cell}'.encode()}


def _gift_box(base: Base) -> Files:
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


def _json(body: object) -> bytes:
    return (json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode()


STORAGE, SUBSCRIPTION = "STATE/roastery/green-storage.md", "STATE/shop/subscription.md"
STORAGE_GOAL = "- 暖房の季節も湿度 50 % を下回らない。"

WAITING = (
    Proposal(
        "ask/hello-s5-{stamp}", 20 * MINUTE, "vpm-rules", "ask(hello-s5): 最新の apply を証跡に加える",
        "READY=True が続いている。STATE の証跡リンクに今朝の実行を一行だけ足す。",
        _north_star("hello-s5", "今朝の apply、READY=True"), cites="hello-s5",
    ),
    Proposal(
        "ask/roast-profile-{stamp}", 3.2 * HOUR, "vpm-rules", "ask(roast-profile): 証跡を一行追記",
        "一致率は 95 % 台を保っている。本文は変えず、証跡だけを新しくする。",
        _north_star("roast-profile", "一致率 95 % 台を維持"), cites="roast-profile",
    ),
    Proposal(
        "ask/metrics-echo-{stamp}", 6.5 * HOUR, "vpm-rules", "ask(metrics-echo): keep the plan-only answer",
        "READY and the success rate contradict each other, so the answer proposes no new C.\n"
        "It is kept because it names what is missing.",
        _unsure,
    ),
    Proposal(
        "persist/letter-draft-{stamp}", 9 * HOUR, "kai-bot", "reports(subscription): 月便りの下書き",
        "読んで直すための下書き。reports/ の中だけに加える。", _letter,
    ),
    Proposal(
        "persist/self-cost-{stamp}", 1.1, "codex-worker", "reports(self-cost): figures and a picture",
        "The daily figures, reports only. Retries are down to one.", _cost_report,
    ),
    Proposal(
        "doc-update/apply-19217", 1.5, "kai-bot", "docs(state): apply document update, run 19217",
        "Applies the reviewed update of the shop's current state. Risk: low (says the generator).", _truncated,
    ),
    Proposal(
        "yui/tsukibin-wording", 2.3, "yui", "STATE(subscription): 差分の言い方をやさしくする",
        "「急がず」だと、急いでいる人が怒られたように読める。数字は変えない。",
        _reword(SUBSCRIPTION, "急がず、箱の種類を減らして", "一人ずつ迎えられるように、箱の種類を減らして"),
        cites="subscription",
    ),
    Proposal(
        "ask/store/{stamp}", 4.19, "codex-worker", "ask: persist u_contract (shop-latency)",
        "The answer of this morning's ask, as returned.", _twin,
    ),
    Proposal(
        "ask/persist-{stamp}", 4.18, "kai-bot", "ask: persist u_contract (shop-latency)",
        "Stored by the second writer that listens to the same comment. See T-PER-3.", _twin,
    ),
    Proposal(
        "ken/storage-goal", 5.4, "ken", "STATE(green-storage): 冬の目標を 48 % に",
        "暖房の日は 50 % だと毎日外れる。外れて当然の目標は、目標ではない。",
        _reword(STORAGE, STORAGE_GOAL, "- 暖房の季節も湿度 48 % を下回らない(加湿の試験が終わるまで)。"),
        cites="green-storage",
    ),
    Proposal(
        "sora/storage-goal-hours", 6.1, "sora", "STATE(green-storage): 目標を時間の割合で書く",
        "「下回らない」は一度外れたら終わり。割合なら、よくなったことが見える。",
        _reword(STORAGE, STORAGE_GOAL, "- 暖房の季節も、湿度 50 % 以上の時間を 95 % にする。"),
        cites="green-storage",
    ),
    Proposal(
        "yui/packing-checklist", 9.2, "yui", "docs(packing): two kinds of box, one kind of tape",
        "We are moving to two boxes (T-SUB-5). The page still describes the day we had four.",
        _reword("docs/packing.md", "2. Small box unless it really does not fit. It usually fits.",
                "2. Small box. If it really does not fit, medium. There is no third box any more."),
    ),
    Proposal(
        "codex/memory-season-{stamp}", 12.3, "codex-worker", "memory: note the gift season",
        "Lets the machines know that the load of the next weeks is seasonal.", _broken_memory,
    ),
    Proposal(
        "sora/swarm-gift-box", 8.6, "sora", "swarm: add gift-box as candidate",
        "Every December we promise ourselves to count gifts separately. This is the promise in writing.", _gift_box,
    ),
    Proposal(
        "vpm-rules/archive-sample-hello-cat", 13.4, "vpm-rules", "archive(sample-hello-cat): no evidence for 200 days",
        "The trial answered its question and nothing has arrived since. Moves its reports below\n"
        "reports/archive/ and sets its stage; nothing is deleted.",
        _archive_cat,
    ),
    Proposal(
        "codex/checkout-delta-{stamp}", 38.0, "codex-worker", "ask(checkout): restate δ after the quiet week",
        "Three daily reports above 98.5 %: δ could be called 'a tenth of a point, stable'.",
        _reword("STATE/shop/checkout.md", "- A tenth of a point, mostly konbini payments late in the evening.",
                "- A tenth of a point, stable; konbini payments late in the evening explain all of it."),
        cites="checkout",
    ),
    Proposal(
        "ken/espresso-blend-note", 148.0, "ken", "docs(roasting): エスプレッソ用ブレンドの一節を足す",
        "深煎りの釜だけ手引きがない。半分は好みの問題なので、みんなで決めたい。",
        lambda base: {
            "docs/espresso_blend.md": (
                "# エスプレッソ用ブレンド(案)\n\n* ブラジル 6、マンデリン 3、冒険 1。\n"
                "* 終了温度は 228 ℃。排気を先に掃除する。\n* 名前は次の試飲会で決める。\n"
            ).encode()
        },
    ),
)
