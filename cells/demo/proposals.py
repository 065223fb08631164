"""The side branches that wait for a decision, newest first: what people see, who asks, and why."""

from __future__ import annotations

from cells.demo.proposal_edits import (
    Proposal,
    archive_cat,
    broken_memory,
    cost_report,
    gift_box,
    letter,
    north_star,
    reword,
    truncated,
    twin,
    unsure,
)

MINUTE, HOUR = 1 / 1440, 1 / 24
STORAGE, SUBSCRIPTION = "STATE/roastery/green-storage.md", "STATE/shop/subscription.md"
STORAGE_GOAL = "- 暖房の季節も湿度 50 % を下回らない。"

WAITING = (
    Proposal(
        "ask/hello-s5-{stamp}",
        20 * MINUTE,
        "vpm-rules",
        "ask(hello-s5): 最新の apply を証跡に加える",
        "READY=True が続いている。STATE の証跡リンクに今朝の実行を一行だけ足す。",
        north_star("STATE/shop/hello-s5.md", "hello-s5", "今朝の apply、READY=True"),
        cites="hello-s5",
    ),
    Proposal(
        "ask/roast-profile-{stamp}",
        3.2 * HOUR,
        "vpm-rules",
        "ask(roast-profile): 証跡を一行追記",
        "一致率は 95 % 台を保っている。本文は変えず、証跡だけを新しくする。",
        north_star("STATE/roastery/roast-profile.md", "roast-profile", "一致率 95 % 台を維持"),
        cites="roast-profile",
    ),
    Proposal(
        "ask/metrics-echo-{stamp}",
        6.5 * HOUR,
        "vpm-rules",
        "ask(metrics-echo): keep the plan-only answer",
        "READY and the success rate contradict each other, so the answer proposes no new C.\n"
        "It is kept because it names what is missing.",
        unsure,
    ),
    Proposal(
        "persist/letter-draft-{stamp}",
        9 * HOUR,
        "kai-bot",
        "reports(subscription): 月便りの下書き",
        "読んで直すための下書き。reports/ の中だけに加える。",
        letter,
    ),
    Proposal(
        "persist/self-cost-{stamp}",
        1.1,
        "codex-worker",
        "reports(self-cost): figures and a picture",
        "The daily figures, reports only. Retries are down to one.",
        cost_report,
    ),
    Proposal(
        "doc-update/apply-19217",
        1.5,
        "kai-bot",
        "docs(state): apply document update, run 19217",
        "Applies the reviewed update of the shop's current state. Risk: low (says the generator).",
        truncated,
    ),
    Proposal(
        "yui/tsukibin-wording",
        2.3,
        "yui",
        "STATE(subscription): 差分の言い方をやさしくする",
        "「急がず」だと、急いでいる人が怒られたように読める。数字は変えない。",
        reword(SUBSCRIPTION, "急がず、箱の種類を減らして", "一人ずつ迎えられるように、箱の種類を減らして"),
        cites="subscription",
    ),
    Proposal(
        "ask/store/{stamp}",
        4.19,
        "codex-worker",
        "ask: persist u_contract (shop-latency)",
        "The answer of this morning's ask, as returned.",
        twin,
    ),
    Proposal(
        "ask/persist-{stamp}",
        4.18,
        "kai-bot",
        "ask: persist u_contract (shop-latency)",
        "Stored by the second writer that listens to the same comment. See T-PER-3.",
        twin,
    ),
    Proposal(
        "ken/storage-goal",
        5.4,
        "ken",
        "STATE(green-storage): 冬の目標を 48 % に",
        "暖房の日は 50 % だと毎日外れる。外れて当然の目標は、目標ではない。",
        reword(STORAGE, STORAGE_GOAL, "- 暖房の季節も湿度 48 % を下回らない(加湿の試験が終わるまで)。"),
        cites="green-storage",
    ),
    Proposal(
        "sora/storage-goal-hours",
        6.1,
        "sora",
        "STATE(green-storage): 目標を時間の割合で書く",
        "「下回らない」は一度外れたら終わり。割合なら、よくなったことが見える。",
        reword(STORAGE, STORAGE_GOAL, "- 暖房の季節も、湿度 50 % 以上の時間を 95 % にする。"),
        cites="green-storage",
    ),
    Proposal(
        "sora/swarm-gift-box",
        8.6,
        "sora",
        "swarm: add gift-box as candidate",
        "Every December we promise ourselves to count gifts separately. This is the promise in writing.",
        gift_box,
    ),
    Proposal(
        "yui/packing-checklist",
        9.2,
        "yui",
        "docs(packing): two kinds of box, one kind of tape",
        "We are moving to two boxes (T-SUB-5). The page still describes the day we had four.",
        reword(
            "docs/packing.md",
            "2. Small box unless it really does not fit. It usually fits.",
            "2. Small box. If it really does not fit, medium. There is no third box any more.",
        ),
    ),
    Proposal(
        "codex/memory-season-{stamp}",
        12.3,
        "codex-worker",
        "memory: note the gift season",
        "Lets the machines know that the load of the next weeks is seasonal.",
        broken_memory,
    ),
    Proposal(
        "vpm-rules/archive-sample-hello-cat",
        13.4,
        "vpm-rules",
        "archive(sample-hello-cat): no evidence for 200 days",
        "The trial answered its question and nothing has arrived since. Moves its reports below\n"
        "reports/archive/ and sets its stage; nothing is deleted.",
        archive_cat,
    ),
    Proposal(
        "codex/checkout-delta-{stamp}",
        38.0,
        "codex-worker",
        "ask(checkout): restate δ after the quiet week",
        "Three daily reports above 98.5 %: δ could be called 'a tenth of a point, stable'.",
        reword(
            "STATE/shop/checkout.md",
            "- A tenth of a point, mostly konbini payments late in the evening.",
            "- A tenth of a point, stable; konbini payments late in the evening explain all of it.",
        ),
        cites="checkout",
    ),
    Proposal(
        "ken/espresso-blend-note",
        148.0,
        "ken",
        "docs(roasting): エスプレッソ用ブレンドの一節を足す",
        "深煎りの釜だけ手引きがない。半分は好みの問題なので、みんなで決めたい。",
        lambda base: {
            "docs/espresso_blend.md": (
                "# エスプレッソ用ブレンド(案)\n\n* ブラジル 6、マンデリン 3、冒険 1。\n"
                "* 終了温度は 228 ℃。排気を先に掃除する。\n* 名前は次の試飲会で決める。\n"
            ).encode()
        },
    ),
)
