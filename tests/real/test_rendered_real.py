"""Every undecided branch of the real repository, as its reader sees it."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from cells import documents
from cells.models import Patch, Repository
from cells.patches import diff, life
from cells.patches.backing import Reading
from cells.patches.rendered import pieces
from cells.patches.rendered.words import Room
from cells.repositories import known_as
from cells.ssot.mirror import Mirror
from cells.views.changes import is_prose, quiet
from tests.factories import sync

pytestmark = pytest.mark.django_db


@pytest.fixture
def real(bundle: Path) -> Repository:
    return sync(known_as("real", str(bundle)))


def said(text: str, without: str) -> str:
    text = re.sub(rf"<{without}>.*?</{without}>", "", text, flags=re.DOTALL)
    text = re.sub(r"<summary>.*?</summary>|<label>.*?</label>", "", text, flags=re.DOTALL)
    return re.sub(r"\s", "", html.unescape(re.sub("<[^>]+>", "", text)))


def waiting(repository: Repository) -> list[Patch]:
    return list(repository.patches.filter(state=life.PROPOSED).exclude(branch=""))


def test_every_document_of_every_undecided_branch_reads_as_before_and_as_after(real: Repository) -> None:
    mirror, changed, whole = Mirror(real.mirror), 0, 0
    for patch in waiting(real):
        for file in filter(is_prose, diff.files(mirror, patch.merge_base, patch.tip)):
            texts = [
                mirror.data(blob).decode() if int(blob, 16) else "" for blob in (file.old_blob, file.new_blob)
            ]
            if file.status == "modified":
                seen = pieces.compare(*texts, Room(), str)
                changed += 1
            else:
                seen = pieces.alone("".join(texts), Room())
                whole += 1
            text = "".join(piece.html for piece in seen.pieces)
            if file.status != "added":
                assert said(text, "ins") == said(documents.markdown(texts[0]), "ins"), (
                    patch.branch,
                    file.path,
                )
            if file.status != "deleted":
                assert said(text, "del") == said(documents.markdown(texts[1]), "del"), (
                    patch.branch,
                    file.path,
                )
            assert len(list(quiet(file, seen))) <= 6, (patch.branch, file.path)
    assert changed >= 5
    assert whole >= 12


def test_what_the_undecided_branches_cite_is_found(real: Repository) -> None:
    mirror = Mirror(real.mirror)
    found = {patch.branch: Reading(patch, mirror).backings() for patch in waiting(real)}
    supported = {branch for branch, some in found.items() if any(one.supported for one in some)}
    assert len(found) == 80
    assert len([one for one in supported if one.startswith("think/")]) >= 5
    for some in found.values():
        for one in some:
            assert all(named.path != one.path for named in one.named), "no file is evidence for itself"
