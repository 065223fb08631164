"""Feeds: what they hold, who may read them, and that nothing in them can be markup or break the reader."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from cells import accounts
from cells.feeding import atom, tokens
from cells.models import AuditEvent, Evidence, FeedToken, Lane, OutsideCommit, Patch, Repository, Review
from cells.patches import life, reviews
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER, VIEWER
from cells.refusals import Forbidden
from tests.factories import STATE, a_patch, a_repository, a_user, source_of, sync

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
OVEN, MONITORING = "/feeds/cells/oven.atom?repo=bakery", "/feeds/lanes/monitoring.atom?repo=bakery"


@pytest.fixture(autouse=True)
def reachable(settings: Any) -> None:
    settings.VPM_URL = "https://vpm.example"


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


@pytest.fixture
def vera(db: None) -> Client:
    client = Client()
    client.force_login(a_user("vera", VIEWER))
    return client


def feed(client: Client, url: str = OVEN) -> ET.Element:
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.content)


def entries(root: ET.Element) -> Iterator[dict[str, str]]:
    for entry in root.iter(f"{ATOM}entry"):
        link = entry.find(f"{ATOM}link")
        assert link is not None
        names = ("id", "title", "summary", "updated", "published")
        yield {name: entry.findtext(f"{ATOM}{name}") or "" for name in names} | {"link": link.attrib["href"]}


def titles(client: Client, url: str = OVEN) -> list[str]:
    return [entry["title"] for entry in entries(feed(client, url))]


# What they hold


def test_a_cell_tells_its_evidence_with_when_it_was_observed_and_where_it_is(
    bakery: Repository, vera: Client
) -> None:
    found = {entry["link"]: entry for entry in entries(feed(vera))}
    heat = Evidence.objects.get(path__endswith="heat_20260302T0700Z.md")
    told = found[f"https://vpm.example/evidence/{heat.pk}/?repo=bakery"]
    assert told["title"] == f"Evidence: {heat.title}"
    assert "Observed 2026-03-02 07:00 UTC." in told["summary"]
    assert told["published"] == "2026-03-02T07:00:00+00:00"
    assert told["updated"] == heat.committed_at.isoformat()


def test_a_patch_is_told_when_it_is_proposed_decided_and_landed(bakery: Repository, vera: Client) -> None:
    assert [title for title in titles(vera) if "warmer" in title] == ["Proposed: Propose warmer-oven"]
    a_patch(bakery, life.LANDED)
    told = [title.partition(":")[0] for title in titles(vera) if "warmer" in title]
    assert told == ["Landed", "Approved", "Proposed"]


@pytest.mark.parametrize(("verb", "said"), [("reject", "Rejected"), ("archive", "Archived")])
def test_other_decisions_are_told_with_who_and_why(
    bakery: Repository, vera: Client, verb: str, said: str
) -> None:
    patch = a_patch(bakery)
    getattr(reviews, verb)(patch=patch, by=a_user("rin", REVIEWER), digest=patch.digest, reason="Too warm.")
    root = feed(vera)
    [entry] = [one for one in root.iter(f"{ATOM}entry") if said in (one.findtext(f"{ATOM}title") or "")]
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "rin"
    assert "Too warm." in (entry.findtext(f"{ATOM}summary") or "")


def test_a_decision_that_was_taken_back_is_not_told_any_more(bakery: Repository, vera: Client) -> None:
    patch, rin = a_patch(bakery), a_user("rin", REVIEWER)
    reviews.approve(patch=patch, by=rin, digest=patch.digest, verdict=fingerprint(patch.verdict))
    assert "Approved: Propose warmer-oven" in titles(vera)
    patch.refresh_from_db()
    reviews.withdraw(patch=patch, by=rin)
    assert "Approved: Propose warmer-oven" not in titles(vera)


def test_a_lane_tells_of_all_its_cells_and_of_no_other_lane(bakery: Repository, vera: Client) -> None:
    assert sorted(titles(vera, MONITORING)) == sorted(titles(vera))
    sample = titles(vera, "/feeds/lanes/sample.atom?repo=bakery")
    assert "Evidence: Rise" in sample
    assert not any("warmer" in title or "Heat" in title for title in sample)


def test_a_conflict_is_told_with_its_sentence(tmp_path: Path, vera: Client) -> None:
    run = "reports/oven/run_20260302T0700Z/{}.json"
    bakery = a_repository(tmp_path)
    source_of(bakery).commit(
        {
            run.format("decision"): json.dumps(
                {"cell": "oven", "run_id": "20260302T0700Z", "decision": "pass"}
            ),
            run.format("review"): json.dumps(
                {"cell": "oven", "run_id": "20260302T0700Z", "decision": "fail"}
            ),
        }
    )
    sync(bakery)
    told = [entry for entry in entries(feed(vera)) if entry["title"].startswith("Conflict")]
    assert told
    assert "pass" in told[0]["summary"]
    assert told[0]["link"] == "https://vpm.example/cells/oven/?repo=bakery"


def test_a_commit_from_outside_is_told(bakery: Repository, vera: Client) -> None:
    state = STATE.replace("210", "300")
    source_of(bakery).commit({"STATE/bread/current_state.md": state}, message="Sneak in")
    sync(bakery)
    [entry] = [entry for entry in entries(feed(vera)) if entry["title"] == "Landed outside: Sneak in"]
    assert entry["link"] == f"https://vpm.example/outside/{OutsideCommit.objects.get().pk}/?repo=bakery"


def test_the_newest_fifty_come_newest_first(bakery: Repository, vera: Client) -> None:
    source = source_of(bakery)
    for n in range(60):
        source.commit({f"reports/oven/heat_202601{n // 24 + 1:02}T{n % 24:02}00Z.md": f"# Heat {n}\n"})
    sync(bakery)
    told = [entry["updated"] for entry in entries(feed(vera))]
    assert len(told) == 50
    assert told == sorted(told, reverse=True)
    assert "Evidence: Heat 59" in titles(vera)


def test_an_entry_keeps_its_id_when_the_database_is_built_anew(bakery: Repository, vera: Client) -> None:
    def told(name: str) -> set[str]:
        return {entry[name] for entry in entries(feed(vera)) if "Evidence" in entry["title"]}

    ids, links = told("id"), told("link")
    for row in Evidence.objects.filter(cells__key="oven"):
        cells = list(row.cells.all())
        Evidence.objects.filter(pk=row.pk).delete()
        row.pk = None
        row.save()
        row.cells.set(cells, through_defaults={"why": "swarm"})
    assert told("link").isdisjoint(links)
    assert told("id") == ids
    assert len(ids) == 2
    assert all(one.startswith("tag:vpm.example,2026:") for one in ids)


def test_no_two_entries_share_an_id(bakery: Repository, vera: Client) -> None:
    a_patch(bakery, life.LANDED)
    told = [entry["id"] for entry in entries(feed(vera, MONITORING))]
    assert len(told) == len(set(told)) > 4


def test_it_speaks_japanese_when_it_is_asked_to(bakery: Repository, vera: Client) -> None:
    root = feed(vera, OVEN + "&lang=ja")
    assert root.attrib["{http://www.w3.org/XML/1998/namespace}lang"] == "ja"
    assert feed(vera, OVEN + "&lang=tlh").attrib["{http://www.w3.org/XML/1998/namespace}lang"] == "en"


# Not asked for twice


def test_a_reader_that_has_it_is_told_so_until_something_happens(bakery: Repository, vera: Client) -> None:
    first = vera.get(OVEN)
    for condition in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}):
        again = vera.get(OVEN, headers=condition)
        assert (again.status_code, again.content) == (304, b"")
    assert "no-cache" in first["Cache-Control"]
    assert "private" in first["Cache-Control"]
    a_patch(bakery, life.LANDED)
    after = vera.get(OVEN, headers={"If-None-Match": first["ETag"]})
    assert after.status_code == 200
    assert after["ETag"] != first["ETag"]


def test_a_feed_of_nothing_stays_the_same_too(bakery: Repository, vera: Client) -> None:
    url = "/feeds/cells/crumb.atom?repo=bakery"
    assert list(entries(feed(vera, url))) == []
    assert vera.get(url)["ETag"] == vera.get(url)["ETag"]


# Who may read them


def test_a_token_opens_feeds_without_signing_in_and_nothing_else(bakery: Repository) -> None:
    token = tokens.make(user=a_user("vera", VIEWER))
    reader = Client()
    assert titles(reader, f"{OVEN}&token={token}")
    assert titles(reader, f"{MONITORING}&token={token}")
    for page in ("/inbox/", "/cells/oven/", "/account/", "/patches/"):
        assert reader.get(f"{page}?token={token}").status_code == 302, page
    api = reader.get("/api/v1/repositories", headers={"Authorization": f"Bearer {token}"})
    assert api.status_code == 401


def test_without_a_token_or_with_a_wrong_one_nothing_is_told(bakery: Repository, vera: Client) -> None:
    for url in (OVEN, f"{OVEN}&token=", f"{OVEN}&token=vpmfeed_wrong", "/feeds/cells/nobody.atom"):
        answer = Client().get(url)
        assert answer.status_code == 403, url
        assert "needs a feed token" in answer.text
    assert vera.get(f"{OVEN}&token=vpmfeed_wrong").status_code == 403  # a wrong one is not overlooked


def test_an_api_token_is_no_feed_token(bakery: Repository) -> None:
    token = accounts.make_token(user=a_user("vera", VIEWER), scope=VIEWER)
    assert Client().get(f"{OVEN}&token={token}").status_code == 403


def test_a_stranger_reads_no_feed_and_gets_no_token(bakery: Repository, stranger: User) -> None:
    client = Client()
    client.force_login(stranger)
    assert client.get(OVEN).status_code == 403
    with pytest.raises(Forbidden):
        tokens.make(user=stranger)


@pytest.mark.parametrize("how", ["revoked", "replaced", "right withdrawn", "account closed"])
def test_a_token_ends_with_what_it_stands_on(bakery: Repository, how: str) -> None:
    vera = a_user("vera", VIEWER)
    url = f"{OVEN}&token={tokens.make(user=vera)}"
    assert Client().get(url).status_code == 200
    if how == "revoked":
        tokens.revoke(user=vera)
    elif how == "replaced":
        tokens.make(user=vera)
    elif how == "right withdrawn":
        vera.groups.clear()
    else:
        User.objects.filter(pk=vera.pk).update(is_active=False)
    assert Client().get(url).status_code == 403


def test_the_feed_never_tells_the_token_that_opened_it(bakery: Repository) -> None:
    token = tokens.make(user=a_user("vera", VIEWER))
    answer = Client().get(f"{OVEN}&token={token}")
    assert token not in answer.text
    assert "https://vpm.example/feeds/cells/oven.atom?repo=bakery" in answer.text
    told = json.dumps(
        [str(one) for one in [*AuditEvent.objects.values_list(), *FeedToken.objects.values_list()]]
    )
    assert token not in told


def test_the_account_page_makes_a_token_shows_it_once_and_revokes_it(
    bakery: Repository, vera: Client
) -> None:
    made = vera.post("/account/feed-token")
    token = made.context["feed_secret"]
    told = [html.unescape(one) for one in re.findall(r"https://vpm\.example(/feeds/[^<]+)<", made.text)]
    assert len(told) == 2
    assert all(titles(Client(), one) for one in told)
    assert token not in vera.get("/account/").text
    assert Client().get(f"{OVEN}&token={token}").status_code == 200
    vera.post("/account/feed-token/revoke")
    assert Client().get(f"{OVEN}&token={token}").status_code == 403
    verbs = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["make_feed_token", "revoke_feed_token"]


def test_what_is_not_there_is_not_found(bakery: Repository, vera: Client) -> None:
    for url in (
        "/feeds/cells/nobody.atom",
        "/feeds/lanes/nobody.atom",
        "/feeds/cells/oven.atom?repo=nowhere",
    ):
        assert vera.get(url).status_code == 404, url
    assert vera.post(OVEN).status_code == 405


def test_reading_a_feed_does_not_change_which_repository_the_pages_show(
    bakery: Repository, tmp_path: Path, vera: Client
) -> None:
    a_repository(tmp_path, key="mill", proposals={})
    vera.get("/inbox/?repo=bakery")
    vera.get("/feeds/cells/oven.atom?repo=mill")
    assert vera.session["repository"] == "bakery"


def test_pages_name_their_feeds(bakery: Repository, vera: Client) -> None:
    assert f'type="application/atom+xml" title="oven" href="{OVEN}"' in vera.get("/cells/oven/").text
    lanes = vera.get("/lanes/?repo=bakery").text
    assert lanes.count('type="application/atom+xml"') == Lane.objects.count() == 2


# Text of others


@given(st.text())
def test_no_text_breaks_the_xml(text: str) -> None:
    feed = atom.Feed(title=atom.safe(text), link="https://vpm.example/", description="", changed=None)
    feed.feed["changed"] = a_moment()
    feed.add_item(
        atom.safe(text), "https://vpm.example/", html.escape(atom.safe(text)), updateddate=a_moment()
    )
    root = ET.fromstring(feed.writeString("utf-8"))
    # A parser turns carriage returns into line ends.
    told = root.findtext(f"{ATOM}entry/{ATOM}title") or ""
    assert told == atom.safe(text).replace("\r\n", "\n").replace("\r", "\n")


def a_moment() -> Any:
    return datetime(2026, 3, 2, tzinfo=UTC)


def test_a_hostile_title_is_text_and_what_a_summary_holds_is_no_markup(
    bakery: Repository, vera: Client
) -> None:
    evil = "</title><script>alert(1)</script>\x07 & ]]>\x1b\ufffe"
    Patch.objects.update(title=evil, rationale=evil, author_name=evil)
    Evidence.objects.update(title=evil)
    Lane.objects.update(title=evil)
    patch = Patch.objects.get(branch="ask/warmer-oven")
    Review.objects.create(patch=patch, decision=Review.REJECT, digest="0" * 64, reason=evil)
    for url in (OVEN, MONITORING):
        root = feed(vera, url)
        assert root.find(f".//{ATOM}script") is None
        told = list(entries(root))
        assert any("</title><script>alert(1)</script>" in entry["title"] for entry in told)
        # A reader takes a summary as HTML; in it the tag is written out.
        assert not any("<script" in entry["summary"] for entry in told)
        assert any("&lt;script&gt;" in entry["summary"] for entry in told)
