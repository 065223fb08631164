"""What lies nearest, found by numpy everywhere and by index where PostgreSQL has one: the same answers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dj_database_url
import pytest
from django.db import connection, connections, transaction
from django.db.utils import load_backend

from cells.models import Evidence, EvidenceCell, Repository
from egspace.embedding import nearest, pgvector, vectors
from egspace.embedding.ngrams import Ngrams
from egspace.embedding.packing import half
from egspace.models import CELL, Atlas, Position, Vector
from tests.factories import FILES, a_repository, source_of, sync

ROOT = Path(__file__).resolve().parents[2]
MORE = FILES | {
    "reports/dough/yeast_20260302T0600Z.md": "# Yeast\n\nThe yeast of the dough is alive; the dough rises.\n",
    "reports/dough/flour_20260302T0700Z.md": "# Flour\n\nThe dough took two kilograms of flour.\n",
    "reports/notes_20260303T0700Z.md": "# Notes\n\nThe yeast is alive, it has doubled again.\n",
    "reports/empty_20260303T0800Z.md": "",
    "reports/oven/heat_20260303T0700Z.md": "# 温度\n\nオーブンの温度は二百十度。\n",
}


def embedded(repository: Repository) -> Repository:
    """Every piece of its evidence, past and present, has a vector."""
    texts = {
        str(each.blob): text
        for each in repository.evidence.all()
        if (text := text_of(repository, each)) is not None
    }
    vectors.ensure(texts, Ngrams())
    return repository


def text_of(repository: Repository, evidence: Evidence) -> str | None:
    source = source_of(repository)
    return vectors.text_of(source.repo[evidence.blob].data)


@pytest.fixture
def bakery(db: None, tmp_path: Path) -> Repository:
    return embedded(a_repository(tmp_path, files=MORE))


def names(found: list[tuple[Evidence, float]]) -> list[str]:
    return [evidence.path.rpartition("/")[2].partition("_")[0] for evidence, _ in found]


def test_a_typed_text_finds_the_evidence_that_speaks_of_it(bakery: Repository) -> None:
    assert names(nearest.ask(bakery, "the yeast of the dough", 2))[0] == "yeast"
    assert nearest.ask(bakery, "オーブンの温度", 1)[0][0].path == "reports/oven/heat_20260303T0700Z.md"


def test_similarities_fall_and_end_with_k(bakery: Repository) -> None:
    found = nearest.ask(bakery, "the dough rises", 3)
    similar = [similarity for _, similarity in found]
    assert len(found) == 3
    assert similar == sorted(similar, reverse=True)
    assert 0 < similar[0] <= 1


def test_evidence_without_a_vector_is_never_near(bakery: Repository) -> None:
    everything = nearest.ask(bakery, "the dough rises", 100)
    assert "empty" not in names(everything)
    assert len(everything) == bakery.evidence.filter(current=True).count() - 1


def test_a_text_that_says_nothing_is_near_to_nothing(bakery: Repository) -> None:
    assert nearest.ask(bakery, "2026-03-01", 3) == []
    assert nearest.ask(bakery, "dough", 0) == []


def test_what_stands_at_the_head_no_more_is_found_only_when_asked_for(bakery: Repository) -> None:
    source_of(bakery).commit({"reports/dough/yeast_20260302T0600Z.md": None})
    sync(bakery)
    (query,) = Ngrams().embed(["the yeast of the dough"])
    assert "yeast" not in names(nearest.nearest(bakery, query, 100))
    assert names(nearest.nearest(bakery, query, 1, current=False)) == ["yeast"]


def test_another_repository_is_never_near(bakery: Repository, tmp_path: Path) -> None:
    other = a_repository(
        tmp_path, key="other", files={"reports/dough_20260301T0600Z.md": "# Dough rises\n"}, proposals={}
    )
    embedded(other)
    assert {each.repository_id for each, _ in nearest.ask(bakery, "the dough rises", 100)} == {bakery.pk}


def test_the_cell_of_a_document_is_the_one_its_evidence_is_nearest_to(bakery: Repository) -> None:
    notes = bakery.evidence.get(path="reports/notes_20260303T0700Z.md")
    assert not notes.cells.exists()
    (best, similarity), (second, less) = nearest.suggest(bakery, notes)
    assert (best, second) == ("dough", "oven")
    assert similarity > less


def test_a_document_does_not_vouch_for_itself(bakery: Repository) -> None:
    """The only Japanese document of the oven is near to it only while it may count itself."""
    heat = bakery.evidence.get(path="reports/oven/heat_20260303T0700Z.md")
    (query,) = Ngrams().embed(["# 温度\n\nオーブンの温度は二百十度。\n"])
    with_itself = dict(nearest.suggest(bakery, query))["oven"]
    assert dict(nearest.suggest(bakery, heat))["oven"] < with_itself - 0.2


def test_a_cell_whose_only_evidence_is_the_document_itself_is_not_suggested(bakery: Repository) -> None:
    heat = bakery.evidence.get(path="reports/oven/heat_20260303T0700Z.md")
    EvidenceCell.objects.filter(cell__key="oven").exclude(evidence=heat).delete()
    assert [key for key, _ in nearest.suggest(bakery, heat)] == ["dough"]


def test_the_goal_of_a_cell_on_the_map_speaks_for_it_too(bakery: Repository) -> None:
    (query, goal) = Ngrams().embed(["sourdough for breakfast", "Bake sourdough for every breakfast"])
    before = dict(nearest.suggest(bakery, query))
    Atlas.objects.create(
        repository=bakery, model="ngrams-1", projection="pca", basis=b"", head=bakery.head, digest=""
    )
    Position.objects.create(
        repository=bakery, kind=CELL, key="crumb", seq=0, commit=bakery.head, at=bakery.head_at, g=half(goal)
    )
    assert "crumb" not in before
    assert nearest.suggest(bakery, query, 1)[0][0] == "crumb"


def test_evidence_without_a_vector_suggests_nothing(bakery: Repository) -> None:
    assert nearest.suggest(bakery, bakery.evidence.get(path="reports/empty_20260303T0800Z.md")) == []


def test_an_index_stands_exactly_where_one_can_be_kept(bakery: Repository) -> None:
    """SQLite has none, nor has a PostgreSQL without the extension: there numpy answered all of the above."""
    assert pgvector.ready("ngrams-1", 512) is pgvector.keep("ngrams-1")


# --- by index


@contextmanager
def on(url: str) -> Iterator[None]:
    """What is done here is done on the database at `url`."""
    ours = connections["default"]
    theirs = connections.settings["default"] | {"OPTIONS": {}} | dj_database_url.parse(url)
    connections["default"] = load_backend(theirs["ENGINE"]).DatabaseWrapper(theirs, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = ours


@pytest.fixture(scope="module")
def indexed_url(pgvector_url: str) -> str:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": pgvector_url}, check=True)
    return pgvector_url


@pytest.fixture
def indexed(indexed_url: str, django_db_blocker: Any, tmp_path: Path) -> Iterator[Repository]:
    """The bakery among three hundred documents of another repository, on PostgreSQL with the extension."""
    with django_db_blocker.unblock(), on(indexed_url), transaction.atomic():
        crowd = {
            f"reports/bread_{number:03}.md": f"# Bread {number}\n\nThe dough {'rose' * (number % 5)} {number * 7919:x}x\n"
            for number in range(300)
        }
        embedded(a_repository(tmp_path, key="crowd", files=crowd, proposals={}))
        yield embedded(a_repository(tmp_path, files=MORE))
        transaction.set_rollback(True)


def rounded(found: list[tuple[Evidence, float]]) -> list[tuple[str, float]]:
    return [(evidence.path, round(similarity, 4)) for evidence, similarity in found]


@pytest.mark.pgvector
def test_the_index_and_numpy_find_the_same(indexed: Repository) -> None:
    questions = Ngrams().embed(["the dough rises", "yeast", "オーブンの温度", "210 degrees of heat"])
    assert pgvector.ready("ngrams-1", 512)
    by_index = [rounded(nearest.nearest(indexed, question, 5)) for question in questions]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {pgvector.TABLE}")
    assert not pgvector.ready("ngrams-1", 512)
    assert by_index == [rounded(nearest.nearest(indexed, question, 5)) for question in questions]
    assert pgvector.keep("ngrams-1")
    assert by_index == [rounded(nearest.nearest(indexed, question, 5)) for question in questions]


@pytest.mark.pgvector
def test_the_index_is_what_answers(indexed: Repository) -> None:
    (query,) = Ngrams().embed(["the dough rises"])
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {pgvector.TABLE}")
        # Three hundred rows are read faster than an index; a hundred thousand are not.
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("SET enable_sort = off")
        cursor.execute(
            f"EXPLAIN {pgvector.search(512)}", pgvector.values(indexed.pk, query, "ngrams-1", 40, True)
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f"Index Scan using {pgvector.TABLE}_" in plan


@pytest.mark.pgvector
def test_candidates_grow_until_enough_survive_the_filter(indexed: Repository) -> None:
    """All three hundred of the crowd are nearer to this than most of the bakery."""
    (query,) = Ngrams().embed(["Bread: the dough rose"])
    found = nearest.nearest(indexed, query, 6)
    assert len(found) == 6
    assert {each.repository_id for each, _ in found} == {indexed.pk}


@pytest.mark.pgvector
def test_vectors_that_come_and_go_are_kept_in_step(indexed: Repository) -> None:
    source_of(indexed).commit({"reports/rye_20260304T0700Z.md": "# Rye\n\nRye bread wants sourdough.\n"})
    sync(indexed)
    embedded(indexed)
    assert nearest.ask(indexed, "rye and sourdough", 1)[0][0].path == "reports/rye_20260304T0700Z.md"
    Vector.objects.filter(blob=indexed.evidence.get(path="reports/rye_20260304T0700Z.md").blob).delete()
    pgvector.keep("ngrams-1")
    assert "reports/rye_20260304T0700Z.md" not in [each.path for each, _ in nearest.ask(indexed, "rye", 500)]


@pytest.mark.pgvector
def test_two_models_of_different_lengths_have_an_index_each(indexed: Repository) -> None:
    texts = {str(each.blob): text_of(indexed, each) or "" for each in indexed.evidence.all()}
    wide = Ngrams(256)
    vectors.ensure(texts, wide)
    assert pgvector.ready("ngrams-1", 512)
    assert pgvector.ready(wide.model, 256)
    (query,) = wide.embed(["the yeast of the dough"])
    assert names(nearest.nearest(indexed, query, 1, model=wide.model)) == ["yeast"]


@pytest.mark.pgvector
def test_vectors_longer_than_an_index_takes_are_found_by_numpy(indexed: Repository) -> None:
    texts = {str(each.blob): text_of(indexed, each) or "" for each in indexed.evidence.all()}
    long = Ngrams(2048)
    vectors.ensure(texts, long)
    assert not pgvector.ready(long.model, 2048)
    (query,) = long.embed(["the yeast of the dough"])
    assert names(nearest.nearest(indexed, query, 1, model=long.model)) == ["yeast"]
