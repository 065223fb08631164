"""Every STATE document of the real repository can be appended to, and only grows."""

import json
import subprocess
from collections import Counter
from pathlib import Path

from cells.patches.edits import AppendAfterHeading, Edit, MergeJson, render
from cells.patches.edits.headings import outline

MARKDOWN = ("- one more line\n- and another", "A sentence of its own.")


def documents(clone: Path) -> dict[str, bytes]:
    named = subprocess.run(
        ["git", "-C", clone, "-c", "core.quotepath=off", "ls-tree", "-r", "--name-only", "HEAD", "STATE"],
        check=True,
        capture_output=True,
    )
    paths = [path for path in named.stdout.decode().splitlines() if path.endswith(".md")]
    return {
        path: subprocess.run(
            ["git", "-C", clone, "show", f"HEAD:{path}"], check=True, capture_output=True
        ).stdout
        for path in paths
    }


def without(new: list[bytes], old: list[bytes]) -> list[bytes]:
    """The lines of `new` that are left when those of `old` are taken out in order."""
    rest = iter(old)
    wanted = next(rest, None)
    added = []
    for line in new:
        if line == wanted:
            wanted = next(rest, None)
        else:
            added.append(line)
    assert wanted is None
    return added


def test_every_unique_heading_can_be_appended_to_once(real_clone: Path) -> None:
    held = documents(real_clone)
    appended = 0
    for path, old in held.items():
        titles = Counter(heading.text for heading in outline(old.decode()).headings)
        for title in (title for title, count in titles.items() if count == 1):
            for markdown in MARKDOWN:
                edit = AppendAfterHeading(path=path, match_heading=title, markdown=markdown)
                new = render([edit], held.get).files[path]
                assert new is not None
                added = without(new.splitlines(), old.splitlines())
                assert [line for line in added if line] == markdown.encode().splitlines()
                assert len(added) <= len(markdown.splitlines()) + 2
                assert render([edit], {path: new}.get).files == {}
                appended += 1
    assert len(held) == 11
    assert appended >= 90


def test_many_edits_of_one_document_are_made_together(real_clone: Path) -> None:
    held = documents(real_clone)
    edits: list[Edit] = [
        AppendAfterHeading(path=path, match_heading=heading.source, markdown=MARKDOWN[0])
        for path, old in held.items()
        for heading in outline(old.decode()).headings
    ]
    assert set(render(edits, held.get).files) == set(held)


def test_a_time_in_the_memory_changes_one_line(real_clone: Path) -> None:
    path = "data/vpm_memory_min.json"
    old = (real_clone / path).read_bytes()
    stamp = "2025-11-15T18:39:01Z"
    edit = MergeJson(path=path, merge={"goal_m2": {"last_successful_s5_apply": {"updated_at": stamp}}})
    new = render([edit], {path: old}.get).files[path]
    assert new is not None
    pairs = zip(old.splitlines(), new.splitlines(), strict=True)
    assert sum(before != after for before, after in pairs) == 1
    reading = json.loads(new)["goal_m2"]["last_successful_s5_apply"]
    assert reading["updated_at"] == stamp
    assert set(reading) == set(json.loads(old)["goal_m2"]["last_successful_s5_apply"])
