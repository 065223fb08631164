"""The endpoints; importing this package makes them known."""

from tests.github.routes import accounts, checks, issues, pulls, refs, repos, rules

__all__ = ["accounts", "checks", "issues", "pulls", "refs", "repos", "rules"]
