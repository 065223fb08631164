"""What cannot be answered is a sentence in the one shape of an error, never a fault of the server."""

from __future__ import annotations

import pytest

from cells.models import Repository
from tests.cells.callers import Program
from tests.factories import a_patch

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("cells?repo=nowhere", 404, "No repository is known as nowhere."),
        ("cells/ghost", 404, "bakery has no cell ghost."),
        ("patches/999999", 404, "There is no patch 999999."),
        ("patches/0", 422, "patch_id is too small; the least is 1."),
        ("patches/99999999999999999999", 422, "patch_id is too large; the most is 9223372036854775807."),
        ("patches/oven", 422, "patch_id has to be a whole number."),
        ("cells?limit=0", 422, "limit is too small; the least is 1."),
        ("cells?limit=201", 422, "limit is too large; the most is 200."),
        ("cells?limit=ten", 422, "limit has to be a whole number."),
        ("cells?repo=a%00b", 422, "repo holds a character that no text here can have."),
        ("cells/a%00b", 422, "key holds a character that no text here can have."),
        (f"cells?lane={'x' * 1001}", 422, "lane is too long; the most is 1000 characters."),
        ("cells?repo=%ff", 404, "No repository is known as �."),
        ("nothing/here", 404, "There is nothing at this address; /api/v1/openapi.json lists what there is."),
        ("", 404, "There is nothing at this address; /api/v1/openapi.json lists what there is."),
    ],
)
def test_what_is_unknown_or_malformed_is_a_sentence(
    path: str, status: int, sentence: str, reading: Program, repository: Repository
) -> None:
    found, said = reading.get(path)
    assert (found, said["error"]["sentence"]) == (status, sentence)


def test_an_unknown_state_names_the_known_ones(reading: Program) -> None:
    status, said = reading.get("patches", state="asleep")
    assert status == 422
    assert "proposed" in said["error"]["sentence"]


def test_before_the_first_repository_lists_are_empty(reading: Program) -> None:
    assert reading.get("cells")[1] == {"items": [], "next": None, "total": 0}
    assert reading.get("cells/oven")[0] == 404


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[1]", b'{"digest": 5}', b'{"digest": "x"}', b"[" * 5000]
)
def test_a_body_that_cannot_be_read_is_a_sentence(
    body: bytes, deciding: Program, repository: Repository
) -> None:
    said = deciding.client.post(
        f"/api/v1/patches/{a_patch(repository).pk}/reject", body, "application/json", headers=deciding.headers
    )
    assert (said.status_code, said.json()["error"]["code"]) == (422, "invalid")


def test_a_wrong_method_has_the_one_shape_too(deciding: Program) -> None:
    said = deciding.client.put("/api/v1/patches/1", headers=deciding.headers)
    assert (said.status_code, said["Allow"], said.json()["error"]["code"]) == (405, "GET", "invalid")
    assert deciding.post("nothing/here")[0] == 404


def test_sentences_come_in_the_callers_language(reading: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def in_language(text: str) -> str:
        from django.utils.translation import get_language

        asked.append(get_language() or "")
        return text

    monkeypatch.setattr("cells.refusals.gettext", in_language)
    reading.client.get("/api/v1/cells/ghost", headers=reading.headers | {"Accept-Language": "ja"})
    assert asked == ["ja"]
