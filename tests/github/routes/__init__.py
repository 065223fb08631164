"""The endpoints; importing this package makes them known."""

from tests.github.routes import accounts, checks, issues, pulls, refs, repos

__all__ = ["accounts", "checks", "issues", "pulls", "refs", "repos"]
