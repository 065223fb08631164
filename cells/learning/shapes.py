"""The figures as values: small numbers stay numbers, and a share is a percentage only where there are enough of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

FEW = 10  # below this a share is said as numbers alone


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`; `percent` is None where they are few."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.whole >= FEW else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait now, by age; `oldest` is a patch."""

    today: int
    week: int
    month: int
    older: int
    oldest: int | None
    oldest_at: datetime | None

    @property
    def total(self) -> int:
        return self.today + self.week + self.month + self.older


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions by people, by where they were taken; the contract's own approvals apart. `by_hand` are the emergencies among them."""

    page: int = 0
    inbox: int = 0
    bulk: int = 0
    api: int = 0
    automatic: int = 0
    by_hand: int = 0

    @property
    def people(self) -> int:
        return self.page + self.inbox + self.bulk + self.api

    @property
    def unopened(self) -> Share:
        return Share(self.people - self.page, self.people)


@dataclass(frozen=True, slots=True)
class Spread:
    """Patches that a person decided for the first time: half of them within `median` seconds, nine in ten within `ninth`."""

    count: int = 0
    median: int | None = None
    ninth: int | None = None


@dataclass(frozen=True, slots=True)
class Week:
    begins: datetime
    spread: Spread


@dataclass(frozen=True, slots=True)
class Times:
    """From proposed to the first decision by a person: of all, per week of that decision, per lane.

    `cut`: there were so many that only the last ones are in it.
    """

    all: Spread
    weeks: list[Week]
    lanes: list[tuple[str, Spread]]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Back:
    """What landed in a lane, or under a rule, and how much of it was taken back."""

    name: str
    share: Share


@dataclass(frozen=True, slots=True)
class Landed:
    """What landed, and the numbers of the patches that were taken back since."""

    share: Share
    lanes: list[Back]
    rules: list[Back]
    back: frozenset[int]


@dataclass(frozen=True, slots=True)
class Planted:
    """Test proposals that ended: noticed by people, approved by people, by the contract, or neither."""

    caught: int = 0
    missed: int = 0
    contract: int = 0
    other: int = 0

    @property
    def noticed(self) -> Share:
        return Share(self.caught, self.caught + self.missed)


@dataclass(frozen=True, slots=True)
class Figures:
    weeks: int
    since: datetime
    waiting: Waiting
    decided: Decided
    times: Times
    landed: Landed
    stale: int
    outside: int
    planted: Planted

    @property
    def empty(self) -> bool:
        """Whether nothing was decided, and nothing landed, in this time."""
        decided = self.decided.people or self.decided.automatic
        return not (decided or self.landed.share.whole or self.outside or self.planted != Planted())


@dataclass(frozen=True, slots=True)
class Yours:
    """One person's own figures, for that person only."""

    decided: int
    unopened: Share
    reverted: Share
