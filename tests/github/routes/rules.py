"""/rules: what rulesets ask of a branch."""

from __future__ import annotations

from typing import Any

from tests.github.calls import Call, Page, route
from tests.github.routes.repos import REPO


@route("GET", REPO + "/rules/branches/{branch}", "metadata:read")
def of_branch(call: Call) -> Any:
    """Classic protection, which the double knows, is no ruleset: so here stands only what a test put there."""
    return Page(call.repo.rules.get(call.args["branch"], []), lambda rule: rule)
