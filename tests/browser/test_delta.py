"""δ in a browser: the chart on the axis of the timeline, its marks, what a patch does to it, and search by meaning."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from cells.models import Repository
from cells.patches import life
from egspace import refresh
from egspace.models import Refresh
from tests.factories import a_patch, source_of, sync

RANGES = """() => [...document.querySelectorAll('#cell .timeline')].map(place => place.layout?.xaxis?.range?.join(' '))"""
PIXEL = """role => {
  const place = document.querySelector('.timeline.story'), box = place.getBoundingClientRect();
  const trace = place.data.find(one => one.meta.role === role), { xaxis, yaxis } = place._fullLayout;
  return [box.x + xaxis.l2p(xaxis.d2l(trace.x[0])) + xaxis._offset, box.y + yaxis.l2p(trace.y[0]) + yaxis._offset];
}"""


@pytest.fixture
def mapped(bakery: Repository) -> Repository:
    """One report more, and the map made."""
    source_of(bakery).commit(
        {"reports/oven/watch_20260303T0700Z.md": "# Watch\n\nNobody burns a loaf without hearing about it.\n"}
    )
    sync(bakery)
    row = refresh.execute_now(bakery)
    assert row.state == Refresh.DONE, row.error
    return bakery


def eventually(page: Page, expression: str, wanted: Any) -> None:
    until = time.monotonic() + 10
    while (found := page.evaluate(expression)) != wanted:
        assert time.monotonic() < until, found
        page.wait_for_timeout(50)


def drawn(page: Page, place: str = ".timeline.story") -> None:
    page.wait_for_selector(f"{place} .main-svg")
    page.locator(place).first.scroll_into_view_if_needed()


def one_range(page: Page) -> str:
    """The range that both charts of a cell's page have, once they have the same."""
    until = time.monotonic() + 10
    while len(set(found := page.evaluate(RANGES))) != 1 or len(found) != 2:
        assert time.monotonic() < until, found
        page.wait_for_timeout(50)
    return str(found[0])


def test_the_chart_shares_the_time_of_the_timeline_also_when_somebody_zooms(
    page: Page, mapped: Repository
) -> None:
    page.goto("/cells/oven/")
    drawn(page)
    whole = one_range(page)
    story = page.locator(".timeline.story")
    box = story.bounding_box()
    assert box
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 700, box["y"] + 60, steps=5)
    page.mouse.up()
    eventually(page, f"() => ({RANGES})().every(range => range !== {whole!r})", True)
    assert one_range(page) != whole
    page.mouse.dblclick(box["x"] + 500, box["y"] + 30)
    eventually(page, f"() => ({RANGES})().every(range => range === {whole!r})", True)


def test_a_mark_says_what_moved_it_and_a_click_opens_the_document_at_that_commit(
    page: Page, mapped: Repository
) -> None:
    page.goto("/cells/oven/")
    drawn(page)
    one_range(page)
    x, y = page.evaluate(PIXEL, "closer")
    page.mouse.move(x - 6, y)
    page.mouse.move(x, y)
    expect(page.locator(".timeline.story .hovertext")).to_contain_text("Watch")
    page.mouse.click(x, y)
    expect(page).to_have_url(re.compile(r"/files/\?.*watch_20260303T0700Z"))
    expect(page.locator("main")).to_contain_text("Nobody burns a loaf")


def test_the_list_under_the_chart_says_the_same_by_keyboard(page: Page, mapped: Repository) -> None:
    page.goto("/cells/oven/")
    page.locator(".turns summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".turns a").first).to_be_focused()
    expect(page.locator(".turns li").first).to_contain_text(re.compile(r"closer by 0\.\d{3}: Watch"))


def test_the_words_follow_the_repository_while_the_page_is_open(page: Page, mapped: Repository) -> None:
    page.goto("/cells/oven/")
    expect(page.locator("#why-page")).to_contain_text("3 pieces of evidence")
    source_of(mapped).commit({"reports/oven/heat_20260304T0700Z.md": "# Heat\n\nSteady at 219 degrees.\n"})
    sync(mapped)
    expect(page.locator("#why-page")).to_contain_text("4 pieces of evidence", timeout=10_000)
    expect(page.locator(".turns")).to_contain_text("farther by", timeout=10_000)


def test_beside_the_map_the_panel_says_it_shorter(page: Page, mapped: Repository) -> None:
    page.goto("/?cell=oven")
    expect(page.locator("#panel .why-short")).to_contain_text("of 2: its evidence and its goal")
    drawn(page, "#panel .timeline.short")


def test_before_the_decision_the_patch_says_what_it_does_to_delta_and_afterwards_what_it_did(
    page: Page, mapped: Repository
) -> None:
    patch = a_patch(mapped, branch="think/dough-notes")
    page.goto(f"/patches/{patch.pk}/")
    expect(page.locator("#forecast h2")).to_have_text("What it does to δ")
    expect(page.locator("#forecast tbody th").first).to_contain_text("dough")
    a_patch(mapped, state=life.LANDED, branch="think/dough-notes")
    expect(page.locator("#forecast")).to_contain_text("δ it left", timeout=10_000)


def test_the_inbox_keeps_its_order_through_the_steps(page: Page, mapped: Repository) -> None:
    page.goto("/patches/")
    page.get_by_label("Order").select_option("delta")
    expect(page.locator(".order-because").first).to_contain_text("oven: δ")
    page.locator(".patch-row a.what").first.click()
    expect(page).to_have_url(re.compile(r"/patches/\d+/\?order=delta"))
    page.keyboard.press("j")
    expect(page.locator("main > h1")).to_contain_text("dough-notes")
    expect(page).to_have_url(re.compile(r"order=delta"))


def test_evidence_is_found_by_meaning_from_the_list(page: Page, mapped: Repository) -> None:
    page.goto("/evidence/")
    page.get_by_label("By meaning").fill("doubled in an hour")
    page.get_by_label("By meaning").press("Enter")
    expect(page.locator("#rows .what").first).to_have_text("Rise")
    expect(page).to_have_url(re.compile("near=doubled"))
    page.get_by_label("By meaning").fill("")
    page.get_by_label("By meaning").press("Enter")
    expect(page.locator("#rows .pages")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_delta_is_inaccessible_or_wider_than_the_screen(
    page: Page, mapped: Repository, width: int, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    patch, heat = a_patch(mapped, branch="think/dough-notes"), mapped.evidence.filter(title="Heat")[0]
    pages = [
        "/cells/oven/",
        "/projects/bread/",
        f"/patches/{patch.pk}/",
        f"/evidence/{heat.pk}/",
        "/near/?near=dough",
        "/patches/?order=delta",
    ]
    for path in pages:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        result = Axe().run(page)
        assert not result.response["violations"], (path, result.generate_report())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
