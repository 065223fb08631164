"""What is wrong with a file, in sentences; and that reading one never fails or drags."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.evidence.assign import CellHint
from cells.evidence.reading import EvidenceReading, read_evidence

COMMIT = datetime(2025, 10, 14, 12, 0, tzinfo=UTC)
HINTS = (CellHint("metrics-echo", globs=("reports/echo/**",)),)


def read(
    path: str, data: bytes | None, earlier: str | None = None, size: int | None = None
) -> EvidenceReading:
    length = len(data or b"") if size is None else size
    return read_evidence(path, data, length, COMMIT, HINTS, ("roastery",), earlier)


def flags(
    path: str, data: bytes | None, earlier: str | None = None, size: int | None = None
) -> dict[str, str]:
    return {flag.code: str(flag.sentence) for flag in read(path, data, earlier, size).flags}


def test_good_evidence_has_no_flag() -> None:
    assert flags("reports/note.md", "# 良い証跡\n`{{x}}` と ```<TS>```\n".encode()) == {}
    assert flags("reports/ok.json", b'{"a": 1}') == {}
    assert flags("reports/ok.ndjson", b'{"a": 1}\n\n{"b": 2}\n') == {}


def test_an_empty_file_is_told_and_a_placeholder_is_not() -> None:
    assert flags("reports/x.json", b"") == {"empty": "It is empty, so it proves nothing."}
    assert "blank" in flags("reports/x.md", b" \n")["empty"]
    assert flags("reports/ask/.gitkeep", b"") == {}


@pytest.mark.parametrize(
    ("path", "data", "says"),
    [
        ("r/x.json", b"nudge the checks", "does not parse (line 1)"),
        ("r/x.json", b'{"a": 1}\n{"b": 2}\n  [3]', "holds 3 JSON values one after another"),
        ("r/x.jsonld", b'{"a":\n 1,}', "does not parse (line 2)"),
        ("r/x.json", b"[" * 100_000, "does not parse"),
        ("r/x.ndjson", b'{"a": 1}\nnope\n', "line 2 does not parse"),
        ("r/x.md", b"caf\xe9", "not UTF-8 text (byte 3)"),
        ("r/x.png", b"placeholder", "named as a picture, but its bytes are not one"),
    ],
)
def test_what_does_not_parse_says_how(path: str, data: bytes, says: str) -> None:
    assert says in flags(path, data)["unparsable"]


def test_a_byte_order_mark_is_fine_and_json_with_it_parses() -> None:
    assert flags("r/x.json", b'\xef\xbb\xbf{"a": 1}') == {}


def test_the_same_bytes_again_name_the_earlier_file() -> None:
    assert flags("r/b.md", b"same", "r/a.md") == {
        "duplicate": "It is byte-identical to r/a.md, which is earlier."
    }


def test_a_claim_from_the_future_is_told_in_utc() -> None:
    assert flags("r/a_20251201_101010.md", b"x") == {
        "future": "It claims 2025-12-01 01:10 UTC, later than the commit that added it."
    }
    assert "2025-12-01," in flags("r/2025-12-01_weekly.md", b"x")["future"]


@pytest.mark.parametrize(
    ("path", "data", "says"),
    [
        ("r/x.md", b"Run at {{timestamp}}", "unfilled placeholder {{timestamp}}"),
        ("r/x.md", b"Run at <TS>", "unfilled placeholder <TS>"),
        ("r/x.md", b"Run at ${RUN_ID}", "unfilled placeholder ${RUN_ID}"),
        ("r/x.md.tmpl", b"`{{ts}}`", "is a template ({{ts}} is not filled in)"),
        ("r/state_update_.md", b"x", "part of its name was never filled in"),
        ("r/retro__x.md", b"x", "part of its name was never filled in"),
    ],
)
def test_an_unfilled_template_is_told(path: str, data: bytes, says: str) -> None:
    assert says in flags(path, data)["template"]


@pytest.mark.parametrize("data", [b"```\n{{x}}\n```\n", b"a `<TS>` b", b"~~~\n${X}\n"])
def test_placeholders_in_code_are_no_template(data: bytes) -> None:
    assert flags("r/x.md", data) == {}


def test_a_file_too_large_to_read_is_known_by_its_name() -> None:
    seen = read("r/huge_20251014_113000.json", None, size=200_000_000)
    assert [str(flag.sentence) for flag in seen.flags] == ["It is 200000000 bytes; only its name was read."]
    assert (seen.observed.source, seen.title) == ("name", "huge 20251014 113000")
    assert read("r/huge.png", None, size=200_000_000).kind == "picture"


def test_a_picture_shows_as_one_and_its_bytes_are_not_read_as_text() -> None:
    seen = read("r/img/oven.png", b"\x89PNG\r\n\x1a\nts: 2025-10-01T00:00:00Z metrics-echo")
    assert (seen.picture, seen.kind, seen.cells, seen.observed.source) == (True, "picture", (), "commit")


@settings(deadline=None, max_examples=300)
@given(
    st.text(),
    st.sampled_from(["", ".md", ".json", ".ndjson", ".png", ".tmpl"]),
    st.none() | st.binary(),
    st.none() | st.text(),
)
def test_any_file_can_be_read(path: str, suffix: str, data: bytes | None, earlier: str | None) -> None:
    seen = read(path + suffix, data, earlier)
    for flag in seen.flags:
        assert str(flag.sentence).endswith(".")


HOSTILE = (
    "20",
    "2025-10-14 ",
    "ts: 2025",
    "1",
    "```\n",
    "`",
    "{{",
    "<A",
    "a-",
    "- status: ",
    "ask_",
    "success_rate=1",
    "[",
    "from ",
    "#",
    "年",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_makes_reading_slow(piece: str) -> None:
    data = (piece * 300_000)[:300_000].encode()
    began = time.perf_counter()
    for path in ("r/x.md", "r/x.json", "r/x_sli.ndjson"):
        read(path, data)
    read("r/" + data[:4000].decode(errors="ignore"), b"x")
    assert time.perf_counter() - began < 3
