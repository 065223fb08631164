"""Rows of the tables people fill in by hand at the end of a day."""

from __future__ import annotations

from random import Random

BEANS = (
    "イルガチェフェ",
    "ケニア AA",
    "ブラジル・カルモ",
    "コロンビア・ウィラ",
    "グアテマラ SHB",
    "マンデリン",
)
Rows = list[tuple[object, ...]]


def rows(cell: str, rng: Random, value: float) -> Rows:
    """A header and its rows; `value` is the figure the table should bear out. KeyError for a cell without tables."""
    return _TABLES[cell](rng, value)


def _close(rng: Random, _: float) -> Rows:
    totals: Rows = [("channel", "till_yen", "booked_yen", "difference")]
    for channel in ("counter", "web shop", "wholesale"):
        amount = rng.randrange(28_000, 190_000, 10)
        totals.append((channel, amount, amount, 0))
    return totals


def _drums(rng: Random, _: float) -> Rows:
    drums: Rows = [("釜", "豆", "投入 kg", "1ハゼ", "終了 ℃")]
    for number in range(1, rng.randint(5, 8)):
        crack = f"{rng.randint(8, 9)}:{rng.randint(10, 58)}"
        drums.append((number, rng.choice(BEANS), rng.choice((4.8, 5.0, 5.0)), crack, rng.randint(212, 224)))
    return drums


def _lots(rng: Random, value: float) -> Rows:
    lots: Rows = [("ロット", "銘柄", "着値 円/kg", "為替 円/USD")]
    for number, bean in enumerate(rng.sample(BEANS, 4), start=1):
        lots.append(
            (f"L{number:02d}", bean, round(value + rng.uniform(-90, 90)), round(rng.uniform(146, 158), 1))
        )
    return lots


def _parcels(rng: Random, value: float) -> Rows:
    sizes = (("post box", 0.7), ("small", 0.9), ("medium", 1.2), ("large", 1.6))
    return [
        ("box", "yen", "parcels"),
        *((name, round(value * share), rng.randint(8, 90)) for name, share in sizes),
    ]


def _baskets(rng: Random, value: float) -> Rows:
    shares = (("first visit", 0.86), ("returning", 1.04), ("subscriber", 1.15))
    return [
        ("group", "median_yen", "orders"),
        *((name, round(value * s), rng.randint(30, 160)) for name, s in shares),
    ]


def _legs(rng: Random, value: float) -> Rows:
    shares = (("注文→焙煎", 0.3), ("焙煎→発送", 0.2), ("発送→到着", 0.5))
    return [
        ("区間", "中央値 h", "件数"),
        *((name, round(value * s, 1), rng.randint(60, 140)) for name, s in shares),
    ]


_TABLES = {
    "daily-close": _close,
    "roast-log": _drums,
    "green-bean-cost": _lots,
    "packaging-cost": _parcels,
    "basket-size": _baskets,
    "shipping-time": _legs,
}
