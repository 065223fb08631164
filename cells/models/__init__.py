"""The record: a rebuildable reading of the repository, and what people did here."""

from cells.models.ask import Ask
from cells.models.audit import AuditEvent, AuditLink
from cells.models.backtest import Backtest
from cells.models.cell import Cell, Relation
from cells.models.evidence import Claim, Evidence, EvidenceCell
from cells.models.feed_token import FeedToken
from cells.models.github import Delivery, GitHubConnection
from cells.models.lane import Lane
from cells.models.outside import OutsideCommit
from cells.models.patch import Patch
from cells.models.person import GitHubPerson
from cells.models.pull import AskComment, Errand, PullRequest
from cells.models.reminder import Reminder
from cells.models.repository import Project, Repository, SyncRun
from cells.models.review import Review
from cells.models.snooze import Snooze
from cells.models.state import Fact, StateVersion
from cells.models.token import ApiToken, SignInToken
from cells.models.touched import Touched

__all__ = [
    "ApiToken", "Ask", "AskComment", "AuditEvent", "AuditLink", "Backtest", "Cell", "Claim", "Delivery", "Errand", "Evidence",
    "EvidenceCell", "Fact", "FeedToken", "GitHubConnection", "GitHubPerson", "Lane", "OutsideCommit", "Patch", "Project", "PullRequest",
    "Relation", "Reminder", "Repository", "Review", "SignInToken", "Snooze", "StateVersion", "SyncRun", "Touched",
]  # fmt: skip
