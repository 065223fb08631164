"""The evidence timeline: what stands where, in whose zone, and that it stays small."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.models import Cell, Evidence, EvidenceCell, Repository
from cells.patches import life
from egspace.drawing.timeline import MOST, Window, timeline_figure
from tests.factories import a_patch, a_repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def oven(tmp_path: Path) -> Cell:
    return a_repository(tmp_path).cells.get(key="oven")


def rows_of(figure: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(row, look, time) of every dot."""
    names = figure["layout"]["yaxis"]["ticktext"]
    return sorted(
        (names[y], trace["meta"]["role"], x)
        for trace in figure["data"]
        for x, y in zip(trace["x"], trace["y"], strict=True)
    )


def much_evidence(cell: Cell, count: int, per_day: int) -> None:
    newest = datetime(2026, 2, 1, 12, tzinfo=UTC)
    rows = Evidence.objects.bulk_create(
        Evidence(
            repository=cell.repository, path=f"reports/more/{n}.md", blob="0" * 40, size=1, commit="1" * 40,
            committed_at=newest, kind="log", title=f"Log {n}", observed_from="name", observed_confidence="high",
            observed_at=newest - timedelta(days=n // per_day, seconds=n % per_day),
        )
        for n in range(count)
    )  # fmt: skip
    EvidenceCell.objects.bulk_create(EvidenceCell(evidence=row, cell=cell, why="swarm") for row in rows)


def test_evidence_proposals_decisions_and_landings_share_one_axis(oven: Cell) -> None:
    a_patch(oven.repository, state=life.LANDED)
    figure = timeline_figure(oven, Window.of({"tz": "UTC"}))
    go.Figure(figure)
    found = [(row, look) for row, look, _ in rows_of(figure)]
    assert found.count(("proposals", "proposals")) == 1
    assert found.count(("decisions", "decisions")) == 1
    assert found.count(("landings", "landings")) == 1
    assert sum(look == "evidence" for _, look in found) == 2


def test_dates_stand_in_the_zone_of_the_reader(oven: Cell) -> None:
    def evidence(zone: str) -> list[str]:
        return [
            at
            for _, look, at in rows_of(timeline_figure(oven, Window.of({"tz": zone})))
            if look == "evidence"
        ]

    assert evidence("UTC") == ["2026-03-01T07:00:00", "2026-03-02T07:00:00"]
    assert evidence("Asia/Tokyo") == ["2026-03-01T16:00:00", "2026-03-02T16:00:00"]


def test_the_axis_names_no_month_in_english(oven: Cell) -> None:
    stops = timeline_figure(oven, Window.of({}))["layout"]["xaxis"]["tickformatstops"]
    assert not re.search("%[aAbBp]", str(stops))
    assert [stop["dtickrange"][0] for stop in stops[1:]] == [stop["dtickrange"][1] for stop in stops[:-1]]


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd", "\x00"])
def test_an_unknown_zone_is_the_servers(oven: Cell, zone: str) -> None:
    assert rows_of(timeline_figure(oven, Window.of({"tz": zone})))


def test_hover_says_title_time_and_how_the_time_was_read(oven: Cell) -> None:
    figure = timeline_figure(oven, Window.of({"tz": "UTC"}))
    words = [row[1] for trace in figure["data"] for row in trace["customdata"]]
    assert any("Heat<br>2026-03-02 07:00<br>time read from the file name" in said for said in words)


def test_every_dot_leads_to_its_page(oven: Cell) -> None:
    patch = a_patch(oven.repository)
    figure = timeline_figure(oven, Window.of({}))
    urls = {row[0] for trace in figure["data"] for row in trace["customdata"]}
    assert f"/patches/{patch.pk}/" in urls
    assert {f"/evidence/{row.pk}/" for row in oven.evidence.all()} <= urls


def test_flagged_evidence_has_another_sign(oven: Cell) -> None:
    row = oven.evidence.first()
    assert row
    row.flags = [{"code": "empty", "text": "The file is empty.", "params": {}}]
    row.save()
    figure = timeline_figure(oven, Window.of({}))
    signs = {trace["meta"]["role"]: trace["marker"]["symbol"] for trace in figure["data"]}
    assert signs["flagged"] != signs["evidence"]
    assert any(
        "The file is empty." in r[1]
        for t in figure["data"]
        if t["meta"]["role"] == "flagged"
        for r in t["customdata"]
    )


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"from": "2026-03-02"}, 1),
        ({"to": "2026-03-01T12:00:00Z"}, 1),
        ({"from": "2026-02-30"}, 2),
        ({"from": "soon", "to": "2027-01-01"}, 2),
    ],
)
def test_a_window_keeps_what_lies_in_it(oven: Cell, query: dict[str, str], count: int) -> None:
    found = rows_of(timeline_figure(oven, Window.of(query | {"tz": "UTC"})))
    assert sum(look == "evidence" for _, look, _ in found) == count


@pytest.mark.parametrize("per_day", [100, 1])
def test_ten_thousand_pieces_are_two_thousand_dots_and_counted_days(
    oven: Cell, django_assert_max_num_queries: Any, per_day: int
) -> None:
    much_evidence(oven, 10_000, per_day)
    with django_assert_max_num_queries(12):
        figure = timeline_figure(oven, Window.of({"tz": "UTC"}))
    (counted,) = [trace for trace in figure["data"] if trace["meta"]["role"] == "counted"]
    dots = sum(len(trace["x"]) for trace in figure["data"]) - len(counted["x"])
    assert dots == MOST
    assert len(counted["x"]) <= MOST
    assert "Showing 2,000 of 10,00" in figure["layout"]["meta"]["showing"]
    older = [int(row[1].split("<br>")[1].split()[0].replace(",", "")) for row in counted["customdata"]]
    assert sum(older) + dots == 10_000 + 2 + a_count_of_proposals(oven)


def a_count_of_proposals(cell: Cell) -> int:
    return cell.patches.count()


def test_a_timeline_that_did_not_move_is_not_sent_again(client: Client, viewer: User, oven: Cell) -> None:
    client.force_login(viewer)
    path = "/cells/oven/timeline.json?repo=bakery&tz=UTC"
    first = client.get(path)
    assert first.status_code == 200
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    a_patch(Repository.objects.get(), state=life.REJECTED)
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200
