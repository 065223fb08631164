"""GitHub says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DOCS = "https://docs.github.com/rest"


class Refused(Exception):
    """An answer that is not 2xx, with GitHub's words."""

    def __init__(
        self, status: int, message: str, *, errors: list[Any] | None = None, headers: Mapping[str, str] = {}
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers)
        self.body: dict[str, Any] = {"message": message, "documentation_url": DOCS, "status": str(status)}
        if errors is not None:
            self.body["errors"] = errors


def not_found() -> Refused:
    return Refused(404, "Not Found")


def invalid(resource: str, field: str = "", code: str = "invalid", message: str = "") -> Refused:
    """422; with a message the code is `custom`."""
    error = {"resource": resource, "code": "custom" if message else code}
    error |= {"field": field} if field else {}
    error |= {"message": message} if message else {}
    return Refused(422, "Validation Failed", errors=[error])
