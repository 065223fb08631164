"""What the trial does, step by step: people's acts at GitHub by `Hands`, and the product's by its own verbs.

Each step returns a line about what it saw, and raises Differs for what did not come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.core.management import call_command

from cells import people, tasks
from cells.asks import life as ends
from cells.hosts.github import connecting, permissions
from cells.hosts.github.connecting import Wish
from cells.models import AskComment, Evidence, Patch, Repository, SyncRun
from cells.patches import life, offering, reviews
from cells.patches.offering import Offer
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER
from cells.refusals import say
from cells.repositories import known_as
from cells.sync import runs
from cells.sync.proposals import kind_of
from tests.factories import FILES, a_user
from tests.github.trial_hands import MARKER, Hands

HERE, TOKEN = "command line", "VPM_GITHUB_TOKEN"
PATIENCE = 120  # seconds in which GitHub and the product have to come to what is expected
OURS = "<!-- vpm:"  # stands in every comment of the product
PENDING = "waiting for the answer"
WHY = "The trial rejects this one."


class Differs(Exception):
    """Something else came than was expected."""


@dataclass
class Trial:
    """One run: `name` is in every branch, title and file it makes; `pause` between two looks, in seconds."""

    hands: Hands
    base_url: str
    name: str
    pause: float = 3

    @property
    def repository(self) -> Repository:
        return Repository.objects.get(key="trial")

    def read(self) -> None:
        """As the beat does it: read everything, and take up what waits."""
        run = runs.execute_now(self.repository, "trial")
        if run.state != SyncRun.DONE:
            raise Differs(f"the reading failed: {say(run.error)}")
        tasks.settle()

    def until(self, what: str, holds: Callable[[], object], told: Callable[[], str] = lambda: "") -> None:
        """Read again and again until it holds. Raises Differs after PATIENCE."""
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                raise Differs(f"{what}: not within {PATIENCE} s. {told()}".strip())
            time.sleep(self.pause)
            self.read()

    def heat(self, word: str) -> dict[str, str]:
        """A report that no other branch and no other trial has."""
        return {f"reports/oven/heat_{self.name}_{word}.md": f"# Heat\n\nSteady, {word}, {self.name}.\n"}

    def proposed(self, word: str) -> tuple[int, Patch]:
        """A branch with a pull request, made at GitHub by somebody; its number, and the patch it became here."""
        branch = f"trial/{self.name}-{word}"
        self.hands.push(branch, self.heat(word), f"Heat, {word}")
        number = self.hands.open_pull(branch, f"Heat, {word}")
        waiting = Patch.objects.filter(branch=branch, state=life.PROPOSED, pull__number=number)
        self.until(f"pull request {number} as a patch that waits", waiting.exists, self.seen)
        return number, waiting.get()

    def landed(self, patch: Patch) -> Patch:
        """Approve it as somebody else, and wait until it landed."""
        reviews.approve(
            patch=patch, by=a_user("trial-reviewer", REVIEWER), digest=patch.digest, verdict=fingerprint(patch.verdict)
        )  # fmt: skip
        rows = Patch.objects.filter(pk=patch.pk)

        def told() -> str:
            row = rows.get()
            return f"It is {row.state}. {say(row.state_note)}"

        self.until("the merge", rows.filter(state=life.LANDED).exists, told)
        return rows.get()

    def seen(self) -> str:
        rows = Patch.objects.order_by("-pk").values_list("branch", "state", "pull__number")
        return f"Patches: {list(rows[:5])}"


def fit(trial: Trial) -> str:
    return (
        f"{trial.hands.remote.full_name} is {trial.hands.check_scratch()}; the token is {trial.hands.login}'s"
    )


def written(trial: Trial) -> str:
    files = FILES | {MARKER: f"Scratch of the trial of VPM; {trial.name} was the last.\n"}
    return f"main is {trial.hands.push('main', files, f'Begin {trial.name}')[:12]}"


def connected(trial: Trial) -> str:
    call_command("migrate", verbosity=0)
    known_as("trial", trial.hands.clone_url)
    wish = Wish(full_name=trial.hands.remote.full_name, base_url=trial.base_url, env=TOKEN)
    connecting.connect(repository=trial.repository, wish=wish, by=HERE)
    row, notes = connecting.check(repository=trial.repository, by=HERE)
    if row.problem:
        raise Differs(say(row.problem))
    lacking = [f"{need.title}: {need.ticked}" for need in permissions.missing(row.permissions)]
    if lacking:
        raise Differs(f"the token lacks, or seems to lack: {'; '.join(lacking)}")
    untold = [need.title for need in permissions.untold(row.permissions)]
    return " ".join(
        ["all permissions are there", *map(say, notes), f"(not told: {untold})" if untold else ""]
    ).strip()


def read(trial: Trial) -> str:
    trial.read()
    cells = trial.repository.cells.count()
    if cells != FILES["swarm.toml"].count("[[cells]]"):
        raise Differs(f"{cells} cells were read")
    return f"{cells} cells"


def merged(trial: Trial) -> str:
    number, patch = trial.proposed("merged")
    row = trial.landed(patch)
    pull = trial.hands.pull(number)
    if not pull.merged or pull.head.sha != patch.tip:
        raise Differs(
            f"pull request {number}: merged {pull.merged} at {pull.head.sha}, approved was {patch.tip}"
        )
    if pull.merge_commit_sha != row.commit:
        raise Differs(f"GitHub's merge is {pull.merge_commit_sha}, ours says {row.commit}")
    return f"pull request {number} was merged at {patch.tip[:12]} as {row.commit[:12]}"


def landed(trial: Trial) -> str:
    agent = a_user("trial-agent")
    agent.groups.add(*a_user("trial-reviewer", REVIEWER).groups.all())
    what = Offer(title="Heat, offered", rationale="The trial says so.", files=trial.heat("offered"))
    patch, _ = offering.offer(repository=trial.repository, by=agent, what=what, kind=kind_of)
    row = trial.landed(patch)
    branch = f"vpm/patch-{patch.pk}"
    pull = trial.hands.pull_from(branch)
    if pull is None or not pull.merged or pull.merge_commit_sha != row.commit:
        raise Differs(f"no merged pull request of {branch} is {row.commit}")
    trial.until(f"{branch} deleted", lambda: branch not in trial.hands.branches())
    labels = ", ".join(label.name for label in pull.labels)
    if not labels.startswith("u_contract:"):
        raise Differs(f"the labels of pull request {pull.number} are: {labels}")
    return (
        f"pull request {pull.number} ({labels}) was made, merged as {row.commit[:12]}, and its branch deleted"
    )


def rejected(trial: Trial) -> str:
    number, patch = trial.proposed("rejected")
    by = a_user("trial-reviewer", REVIEWER)
    reviews.reject(patch=patch, by=by, digest=patch.digest, reason=WHY)
    trial.until("the pull request closed", lambda: trial.hands.pull(number).state == "closed")
    said = [text for text in trial.hands.comments(number) if WHY in text]
    if trial.hands.pull(number).merged or len(said) != 1:
        raise Differs(f"pull request {number} has the reason in {len(said)} comments")
    return f"pull request {number} is closed, with the reason in one comment"


def asked(trial: Trial) -> str:
    people.add(login=trial.hands.login, right=OPERATOR, by=HERE, base_url=trial.repository.github.base_url)
    trial.read()  # what is said from now on asks
    number = trial.hands.open_issue(f"Question {trial.name}")
    trial.hands.comment(number, "/ask pm_snapshot oven")

    def told() -> str:
        return f"Comments: {list(AskComment.objects.values_list('state', 'note', 'ask__state'))}"

    def answers() -> list[str]:
        return [text for text in trial.hands.comments(number) if OURS in text]

    asks = AskComment.objects.filter(number=number, ask__state__in=(ends.ANSWERED, ends.PLAN_ONLY))
    trial.until("the answer", lambda: asks.exists() and any(PENDING not in text for text in answers()), told)
    trial.read()
    if len(answers()) != 1:
        raise Differs(f"issue {number} has {len(answers())} answers")
    return f"issue {number} has one answer: {asks.get().ask.state}"


def released(trial: Trial) -> str:
    trial.hands.release(f"trial-{trial.name}", f"Trial {trial.name}")
    rows = Evidence.objects.filter(source=Evidence.GITHUB, title__contains=trial.name)
    trial.until("the release as evidence", rows.filter(kind="github_release").exists)
    return "the release is evidence"


def let_go(trial: Trial) -> str:
    connecting.disconnect(repository=trial.repository, by=HERE)
    return "disconnected"


# What it is called, what does it, and whether nothing after it can be tried without it.
STEPS: list[tuple[str, Callable[[Trial], str], bool]] = [
    ("an empty repository, or one of ours", fit, True),
    ("a small swarm on main", written, True),
    ("connect, and check permissions", connected, False),
    ("read", read, True),
    ("a pull request, mirrored and approved, is merged at exactly that head", merged, False),
    ("an approved patch becomes a pull request and is merged", landed, False),
    ("a rejected one is closed with the reason", rejected, False),
    ("/ask in a comment is answered once", asked, False),
    ("a release becomes evidence", released, False),
    ("disconnect", let_go, False),
]
