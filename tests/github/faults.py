"""Bad days of GitHub, on demand: limits, errors, answers that get lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.github.refusals import Refused

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


class Lost(Exception):
    """The connection ends without an answer."""


@dataclass
class Fault:
    """What happens to the next call that fits, `times` times."""

    status: int = 502
    times: int = 1
    method: str | None = None
    path: str = ""  # a regular expression somewhere in the path
    message: str = "Server Error"
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False  # it is done, and the answer does not arrive

    def fits(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in (None, method) and re.search(self.path, path) is not None


class Faults:
    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def taken(self, method: str, path: str) -> Fault | None:
        for fault in self.waiting:
            if fault.fits(method, path):
                fault.times -= 1
                return fault
        return None


@dataclass
class Rate:
    """5,000 requests an hour; with `writes_a_minute`, the secondary limit on what makes content, too."""

    limit: int = 5000
    used: int = 0
    reset: datetime | None = None
    writes_a_minute: int | None = None
    written: list[datetime] = field(default_factory=list)

    def count(self, method: str, now: datetime) -> None:
        """Takes one; raises when there is none."""
        self._begin(now)
        if self.used >= self.limit:
            raise Refused(403, "API rate limit exceeded for user ID 1.", headers=self.headers(now))
        self.used += 1
        if self.writes_a_minute is not None and method != "GET":
            self.written = [moment for moment in self.written if now - moment < timedelta(minutes=1)]
            if len(self.written) >= self.writes_a_minute:
                raise Refused(403, SECONDARY, headers={"Retry-After": "60"})
            self.written.append(now)

    def headers(self, now: datetime) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - self.used),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(self._resets(now)),
            "X-RateLimit-Resource": "core",
        }

    def body(self, now: datetime) -> dict[str, int]:
        left = self.limit - self.used
        return {"limit": self.limit, "used": self.used, "remaining": left, "reset": self._resets(now)}

    def _begin(self, now: datetime) -> None:
        if self.reset is None or now >= self.reset:
            self.used = 0 if self.reset else self.used
            self.reset = now + timedelta(hours=1)

    def _resets(self, now: datetime) -> int:
        return int((self.reset or now + timedelta(hours=1)).timestamp())
