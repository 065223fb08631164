"""What a file is, whether it is a picture, and what it is called."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.evidence.kinds import TITLE_LENGTH, is_picture, kind_of, title_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("reports/roastery/2026-01-04_weekly.md", "weekly"),
        ("reports/decisions/20260104.md", "decision"),
        ("reports/2026-01-04_decision_reset.md", "decision"),
        ("reports/ask/ask_20260104T100000Z.json", "ask"),
        ("reports/think/plan_20260104T100000.md", "plan"),
        ("reports/persist_report_result_pr12.json", "pull_request"),
        ("reports/hello_sli.md", "metric"),
        ("reports/oven/metrics.json", "metric"),
        ("reports/daily_status_20260104.md", "status"),
        ("reports/metrics-echo/metrics_echo_ready_status.md", "status"),
        ("reports/snap_stage2.md", "snapshot"),
        ("reports/stage4_exit_result.json", "run"),
        ("reports/codex_runs/a/run.log", "log"),
        ("reports/build.log", "log"),
        ("reports/notes/oven.md", "report"),
        ("reports/templates/x.md", "template"),
        ("reports/x.md.tmpl", "template"),
        ("reports/day_template.md", "template"),
        ("reports/pr_template_smoketest.md", "run"),
        ("reports/img/oven.png", "picture"),
    ],
)
def test_the_path_tells_the_kind(path: str, kind: str) -> None:
    assert kind_of(path, PNG if path.endswith(".png") else b"# text") == kind


def test_a_keep_file_is_a_placeholder_only_while_it_is_empty() -> None:
    assert kind_of("reports/ask/.gitkeep", b"") == "placeholder"
    assert kind_of("reports/ask/.gitkeep", b"#!/bin/sh") == "ask"


def test_a_service_status_is_known_by_its_content() -> None:
    assert kind_of("reports/deploy.md", b"kind: Service\nstatus:\n  conditions:\n") == "status"


@pytest.mark.parametrize("head", [PNG, b"\xff\xd8\xff\xe0", b"GIF89a..", b"RIFF\0\0\0\0WEBPVP8 "])
def test_a_picture_is_known_by_its_bytes_not_its_name(head: bytes) -> None:
    assert is_picture("reports/odd.txt", head)
    assert kind_of("reports/odd.txt", head) == "picture"


def test_text_named_as_a_picture_and_svg_are_no_pictures() -> None:
    assert not is_picture("a.png", b"placeholder for a picture")
    assert not is_picture("a.svg", b"<svg onload='x'>")
    assert kind_of("reports/a.png", b"placeholder") == "report"


@pytest.mark.parametrize(
    ("path", "text", "title"),
    [
        ("r/a.md", "intro\n## Second\n# First ##\n", "First"),
        ("r/a.md", "```\n# code\n```\n### Only\n", "Only"),
        ("r/a.json", '{"name": "n", "title": "Oven *report*"}', "Oven *report*"),
        ("r/a.json", '{"title": 3, "summary": "Sum"}', "Sum"),
        ("reports/p2_boot_20260104.md", "no heading", "p2 boot 20260104"),
        ("reports/oven_a/run.log", "# not a heading in a log", "oven a: run"),
        ("reports/status/2026-01-04.md", "", "status: 2026-01-04"),
        ("r/a.md", "# tab\tand \x07bell\u202e \ud800end", "tab and bell end"),
    ],
)
def test_the_title_is_the_heading_else_the_name_in_words(path: str, text: str, title: str) -> None:
    assert title_of(path, text) == title


@settings(deadline=None, max_examples=300)
@given(st.text(), st.one_of(st.text(), st.text().map(lambda t: "# " + t * 50)), st.binary(max_size=64))
def test_any_input_has_a_kind_and_a_short_clean_title(path: str, text: str, head: bytes) -> None:
    assert kind_of(path, head)
    for suffix in ("", ".md", ".json"):
        title = title_of(path + suffix, text)
        assert 0 < len(title) <= TITLE_LENGTH
        assert title.isprintable()


def test_deeply_nested_json_still_has_a_title() -> None:
    assert title_of("r/deep.json", "[" * 60_000) == "r: deep"
