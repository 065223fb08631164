"""What the double knows beside git: rows without behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.github.git import Git


@dataclass
class Person:
    id: int
    login: str
    kind: str = "User"  # or Bot, Organization


@dataclass
class App:
    id: int
    slug: str
    public_key: str
    permissions: dict[str, str]
    owner: Person


@dataclass
class Installation:
    id: int
    app: App
    account: Person
    repositories: list[str]


@dataclass
class Token:
    """What a caller may do; of a person, or of an installation."""

    text: str
    person: Person
    permissions: dict[str, str]
    repositories: list[str] | None = None  # all
    installation: Installation | None = None
    expires: datetime | None = None


@dataclass
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = ""  # the description of a list allows no null


@dataclass
class Comment:
    id: int
    issue: int
    by: Person
    body: str
    created: datetime
    updated: datetime
    via: App | None = None  # a program in that person's name


@dataclass
class Review:
    id: int
    by: Person
    state: str
    body: str
    sha: str
    submitted: datetime


@dataclass
class Issue:
    """An issue; a pull request is one, too."""

    id: int
    number: int
    by: Person
    title: str
    body: str | None
    created: datetime
    updated: datetime
    state: str = "open"
    closed: datetime | None = None
    closed_by: Person | None = None
    labels: list[str] = field(default_factory=list)


@dataclass
class Pull(Issue):
    head_repo: Repo | None = None  # none: the fork was deleted
    head_ref: str = ""
    head_owner: str = ""
    head_sha: str = ""
    base_ref: str = ""
    base_sha: str = ""
    draft: bool = False
    merged: datetime | None = None
    merged_by: Person | None = None
    merge_sha: str | None = None
    reviews: list[Review] = field(default_factory=list)
    asked: list[Person] = field(default_factory=list)  # requested reviewers
    reckoned: tuple[str, str] = ("", "")  # head and base whose mergeability was already asked for


@dataclass
class Suite:
    id: int
    app: App
    sha: str
    branch: str | None
    created: datetime


@dataclass
class Check:
    id: int
    suite: Suite
    name: str
    status: str
    conclusion: str | None
    started: datetime
    completed: datetime | None
    output: dict[str, Any] = field(default_factory=dict)
    details: str | None = None
    external: str = ""


@dataclass
class Status:
    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target: str | None
    by: Person
    created: datetime


@dataclass
class Release:
    id: int
    tag: str
    name: str
    body: str
    by: Person
    created: datetime
    target: str
    draft: bool = False
    prerelease: bool = False


@dataclass
class Hook:
    id: int
    url: str | None  # none: collected, and handed over by the test
    secret: str
    events: list[str] | None = None  # all


@dataclass(eq=False)
class Repo:
    """Names are compared without regard to case, as GitHub does."""

    id: int
    owner: Person
    name: str
    git: Git
    created: datetime
    updated: datetime
    default_branch: str = "main"
    private: bool = True
    parent: Repo | None = None
    people: dict[str, str] = field(default_factory=dict)  # login: read, triage, write, maintain or admin
    required: dict[str, list[str]] = field(default_factory=dict)  # protected branch: checks it requires
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    suites: list[Suite] = field(default_factory=list)
    checks: dict[int, Check] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    methods: set[str] = field(default_factory=lambda: {"merge", "squash", "rebase"})
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # of rulesets, by branch
    strict: bool = False  # a pull request has to hold what it leads to
    late: bool = False  # mergeability is "unknown" when asked for the first time

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def pull(self, number: int) -> Pull:
        found = self.issues[number]
        assert isinstance(found, Pull)
        return found

    @property
    def pulls(self) -> list[Pull]:
        return [issue for issue in self.issues.values() if isinstance(issue, Pull)]
