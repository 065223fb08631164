"""Text of others in a reminder pings nobody and leads nowhere."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from cells.reminding.wording import LONGEST, link, mrkdwn, plain
from tests.cells.reminders.sent import due, texts, tick, to
from tests.factories import a_repository, source_of, sync

pytestmark = pytest.mark.django_db


@given(st.text() | st.sampled_from(["<!channel>", "@here", "<https://x.example|Approve>", "[a](b)", "```"]))
def test_no_text_can_ping_or_link_in_a_chat(text: str) -> None:
    said = mrkdwn(text)
    assert not re.search(r"[<>`\n\r]", said)
    assert not re.search(r"&(?!amp;|lt;|gt;)", said)
    assert not re.search(r"@[^\u200b]|\]\(|://|\|\|", said + " " if not said.endswith("@") else said)
    assert len(html.unescape(said).replace("\u200b", "")) <= LONGEST


@given(st.text())
def test_a_text_stays_one_line_and_is_not_turned(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", plain(text))


@given(st.text())
def test_a_link_of_ours_keeps_its_target(text: str) -> None:
    said = link("https://vpm.example/patches/1/", text)
    assert re.fullmatch(r"<https://vpm\.example/patches/1/\|[^<>]*>", said)


def test_a_hostile_title_reaches_the_chat_as_text(tmp_path: Path, rin: User, slack: HTTPServer) -> None:
    bakery = a_repository(tmp_path, proposals={})
    source_of(bakery).propose(
        "ask/x",
        {"reports/oven/x_20260303T0700Z.md": "# X\n"},
        "<!channel> <https://evil.example|Approve> @here",
    )
    sync(bakery)
    due(rin, **to(slack))
    tick()
    [text] = texts(slack)
    assert "<!channel>" not in text
    assert "&lt;!channel&gt;" in text
    assert {found.partition("/")[0] for found in re.findall(r"https?://([^|>\s]+)", text)} == {"vpm.example"}
