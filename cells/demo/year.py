"""The year on main as a list of commits, oldest first; pure, so that a test can read it without git."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from cells.demo import weekly
from cells.demo.clock import Clock, utc_stamp
from cells.demo.commits import Commit
from cells.demo.company import HERE, Cell, Company, Project, Subject, dice
from cells.demo.oddities import oddities
from cells.demo.papers import Paper, papers
from cells.demo.statefiles import cell_document, project_document
from cells.demo.swarmfile import swarm_toml

# Changes of one document that lie closer together than this are one commit; long ago, a fortnight is one sitting.
SAME_SITTING, LONG_AGO, SAME_FORTNIGHT = 0.7, 50.0, 14.0
# About how many of a hundred ordinary commits came to main as a squashed pull request.
SQUASHED = 0.6
# Age of the squashed report whose branch is still there.
SETTLED = 9.0


def year(company: Company, clock: Clock) -> list[Commit]:
    """Everything that happened, each commit later than the one before it."""
    found = papers(company, clock)
    commits = [
        *_documents(company, clock),
        *_swarm(company, clock, found),
        *_states(company, clock, found),
        *_reports(found, clock),
        *oddities(company, clock),
        *weekly.letters(company, clock, found),
        *weekly.memories(company, clock, found),
    ]
    commits.sort(key=lambda commit: (commit.at, commit.subject))
    return _numbered([*_spread(commits)], company.facts["swarm"]["first_pr"])


def _spread(commits: list[Commit]) -> Iterator[Commit]:
    last: datetime | None = None
    for commit in commits:
        at = commit.at if last is None or commit.at > last else last + timedelta(seconds=1)
        last = at
        yield replace(commit, at=at)


def _numbered(commits: list[Commit], number: int) -> list[Commit]:
    """Squash merges carry their pull request's number; it grows by the few that were closed in between."""
    rng = dice("pull requests")
    done = []
    for commit in commits:
        if commit.landed == "squash" or (not commit.landed and rng.random() < SQUASHED):
            commit = replace(commit, subject=f"{commit.subject} (#{number})")
            number += rng.choice((1, 1, 1, 2))
        done.append(commit)
    return done


def _documents(company: Company, clock: Clock) -> Iterator[Commit]:
    for doc in company.facts["docs"]:
        head, *sections = (HERE / doc["source"]).read_text(encoding="utf-8").split("\n## ")
        for count, age in enumerate(doc["grows"]):
            text = "\n## ".join([head, *sections[:count]]).rstrip("\n") + "\n"
            what = sections[count - 1].partition("\n")[0] if count else "first page"
            # One of them came by a branch that is still there, as branches are.
            by_merge = doc["path"] == "docs/packing.md" and count
            yield Commit(
                at=clock.at_desk(age),
                author=doc["author"],
                subject=f"docs({doc['path'].rpartition('/')[2].removesuffix('.md')}): {what}",
                body=doc["why"],
                changes={doc["path"]: text.encode()},
                branch="yui/packing-greeting" if by_merge else "",
                landed="merge" if by_merge else "",
            )


def _swarm(company: Company, clock: Clock, found: list[Paper]) -> Iterator[Commit]:
    """The map itself: the first page, every cell that joins, every stage it reaches."""
    yield Commit(
        clock.at_desk(364),
        "mika",
        "swarm: lanes, executors, milestones",
        "The frame first. Cells join one by one, each with a North Star of its own.",
        {"swarm.toml": swarm_toml(company, 364).encode()},
    )
    for cell in company.cells:
        for stage, age in cell.stages.items():
            text = swarm_toml(company, age)
            changes: dict[str, bytes | None] = {"swarm.toml": text.encode()}
            if stage == "archived":
                changes |= _moved(cell, age, clock, found)
            joins = age >= cell.born
            yield Commit(
                at=clock.at_desk(age) - timedelta(minutes=5),
                author="mika",
                subject=f"swarm: {'add' if joins else 'move'} {cell.key} {'as' if joins else 'to'} {stage}",
                body=cell.north_star if joins else cell.chapter(age).why,
                changes=changes,
            )


def _moved(cell: Cell, age: float, clock: Clock, found: list[Paper]) -> dict[str, bytes | None]:
    changes: dict[str, bytes | None] = {}
    for paper in found:
        if paper.cell.key == cell.key and paper.committed < clock.at_desk(age):
            for path, body in paper.files.items():
                changes[path] = None
                changes[path.replace("reports/", "reports/archive/", 1)] = body
    return changes


def _states(company: Company, clock: Clock, found: list[Paper]) -> Iterator[Commit]:
    for project in company.projects:
        for age, subject, body in _turns(project):
            text = project_document(project, age, clock)
            yield _state(project, project.path, age, subject, body, text, clock)
    for cell in company.cells:
        for age, subject, body in _turns(cell):
            text = cell_document(company, cell, age, clock, found)
            links = [line for line in text.splitlines() if line.startswith("- `reports/")]
            cited = f"\n\nEvidence: {links[0].split('`')[1]}" if links else ""
            yield _state(cell, cell.path, age, subject, body + cited, text, clock)


def _state(
    who: Project | Cell, path: str, age: float, subject: str, body: str, text: str, clock: Clock
) -> Commit:
    return Commit(clock.at_desk(age), who.owner, f"state({who.key}): {subject}", body, {path: text.encode()})


def _turns(subject: Subject) -> Iterator[tuple[float, str, str]]:
    """The moments its STATE changed, oldest first: age, commit subject, reason."""
    turns: list[tuple[float, str, str]] = []
    for chapter in subject.chapters:
        what = "現在地と差分を書き直す" if subject.language == "ja" else "restate C and δ"
        turns.append((chapter.at, "first version" if chapter.at == subject.born else what, chapter.why))
    for task in subject.tasks:
        turns.append((task.opened, f"open {task.id}", task.text))
        if task.done is not None:
            turns.append((task.done, f"{task.id} done", task.text))
    turns.sort(key=lambda turn: -turn[0])
    while turns:
        span = SAME_FORTNIGHT if turns[0][0] > LONG_AGO + SAME_FORTNIGHT else SAME_SITTING
        sitting = [turn for turn in turns if turns[0][0] - turn[0] < span]
        turns = turns[len(sitting) :]
        names = ", ".join(dict.fromkeys(name for _, name, _ in sitting))
        yield sitting[-1][0], names, "\n\n".join(dict.fromkeys(why for *_, why in sitting))


def _reports(found: list[Paper], clock: Clock) -> Iterator[Commit]:
    settled = [p for p in found if p.cell.key == "persist-report" and clock.age(p.committed) > SETTLED]
    for paper in found:
        # One report came to main squashed, and its branch was never deleted.
        squashed = paper is settled[-1]
        yield Commit(
            at=paper.committed,
            author=paper.author,
            subject=f"reports({paper.cell.key}): {paper.headline}",
            body=f"{paper.remark}\n\nEvidence: {paper.path}",
            changes=dict(paper.files),
            branch=f"ask/persist-report-{utc_stamp(paper.observed)}" if squashed else "",
            landed="squash" if squashed else "",
        )
