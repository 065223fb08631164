"""The map in a browser: drawn over the first picture, opened by click and key, alive. Complaints of the browser
(console errors, refused styles) fail every test here; see the `page` fixture."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from cells.models import Repository
from cells.patches import life
from tests.factories import a_patch, source_of, sync

DRAWN = "#map-canvas.drawn"
STANDS = """() => Object.fromEntries(document.getElementById('map-plot').data
    .filter(trace => trace.meta.role === 'cell')
    .flatMap(trace => trace.customdata.map((row, i) => [row[0], [trace.x[i], trace.y[i]]])))"""


@pytest.fixture
def map_page(page: Page) -> Page:
    page.goto("/")
    page.wait_for_selector(DRAWN)
    return page


def eventually(page: Page, expression: str) -> None:
    """Wait until it is true. Playwright's own waiting evaluates text in the page, which our policy refuses."""
    until = time.monotonic() + 10
    while not page.evaluate(expression):
        assert time.monotonic() < until, expression
        page.wait_for_timeout(50)


def spot(page: Page, key: str) -> tuple[float, float]:
    """Where plotly drew a cell, in pixels of the page."""
    found: dict[str, Any] = page.evaluate(
        """key => {
          const plot = document.getElementById('map-plot'), box = plot.getBoundingClientRect();
          for (const trace of plot.data.filter(one => one.meta.role === 'cell')) {
            const i = trace.customdata.findIndex(row => row[0] === key);
            if (i >= 0) return { x: box.x + plot._fullLayout.xaxis.l2p(trace.x[i]), y: box.y + plot._fullLayout.yaxis.l2p(trace.y[i]) };
          }
        }""",
        key,
    )
    return found["x"], found["y"]


def test_plotly_takes_over_where_the_first_picture_stands(map_page: Page) -> None:
    picture = map_page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#map-pictures .three-columns .node')].map(node => {
          const box = node.querySelector('.cell').getBoundingClientRect();
          return [node.dataset.cell, [box.x + box.width / 2, box.y + box.height / 2]];
        }))"""
    )
    assert set(picture) == {"oven", "dough", "crumb"}
    for key, (x, y) in picture.items():
        assert spot(map_page, key) == pytest.approx((x, y), abs=1)
    heights = map_page.evaluate(
        "[document.getElementById('map-pictures').offsetHeight, document.querySelector('#map-plot .main-svg').clientHeight]"
    )
    assert abs(heights[0] - heights[1]) <= 1


def test_hover_explains_a_cell(map_page: Page) -> None:
    x, y = spot(map_page, "oven")
    map_page.mouse.move(x - 4, y)
    map_page.mouse.move(x, y)
    label = map_page.locator("#map-plot .hoverlayer .hovertext")
    expect(label).to_contain_text("Oven watch · oven")
    expect(label).to_contain_text("1 patch waits")


def test_a_click_opens_the_cell_beside_the_map_and_escape_closes_it(map_page: Page) -> None:
    x, y = spot(map_page, "oven")
    map_page.mouse.move(x - 4, y)
    map_page.mouse.move(x, y)
    expect(map_page.locator("#map-plot .hovertext")).to_be_visible()
    map_page.mouse.click(x, y)
    expect(map_page.locator("#panel h2")).to_contain_text("oven")
    expect(map_page).to_have_url(re.compile(r"[?&]cell=oven"))
    expect(map_page.locator("#panel")).to_be_focused()
    map_page.keyboard.press("Escape")
    expect(map_page.locator("#panel")).to_be_hidden()
    expect(map_page).not_to_have_url(re.compile(r"cell="))
    map_page.go_back()
    expect(map_page.locator("#panel h2")).to_contain_text("oven")


def test_a_link_to_a_cell_opens_with_it(page: Page) -> None:
    page.goto("/?cell=dough")
    expect(page.locator("#panel h2")).to_contain_text("dough")
    expect(page.locator("#cell-dough")).to_have_attribute("aria-current", "true")


def test_an_open_cell_follows_the_repository_in_its_place(page: Page, bakery: Repository) -> None:
    page.goto("/?cell=oven")
    expect(page.locator("#panel")).to_contain_text("Waiting for a decision")
    a_patch(bakery, state=life.REJECTED)
    expect(page.locator("h1")).to_contain_text("1 patch waits for you")
    expect(page.locator("#panel")).not_to_contain_text("Waiting for a decision")
    expect(page.locator("#panel h2")).to_contain_text("oven")


def test_the_list_is_walked_and_opened_by_keys_and_focus_returns(map_page: Page) -> None:
    map_page.locator("#cell-oven").focus()
    map_page.keyboard.press("ArrowDown")
    expect(map_page.locator("#cell-dough")).to_be_focused()
    map_page.keyboard.press("j")
    expect(map_page.locator("#cell-crumb")).to_be_focused()
    map_page.keyboard.press("Enter")
    expect(map_page.locator("#panel h2")).to_contain_text("crumb")
    map_page.keyboard.press("Escape")
    expect(map_page.locator("#cell-crumb")).to_be_focused()


def test_the_filter_hides_rows_dims_the_map_and_stays_in_the_url(map_page: Page) -> None:
    map_page.get_by_role("searchbox").fill("dou")
    expect(map_page.locator("#cell-dough")).to_be_visible()
    expect(map_page.locator("#cell-oven")).to_be_hidden()
    expect(map_page.locator("#swarm-count")).to_have_text("Showing 1 of 3 cells")
    expect(map_page).to_have_url(re.compile("q=dou"))
    eventually(
        map_page,
        "document.getElementById('map-plot').data.some(t => [].concat(t.marker?.opacity ?? 1).some(o => o < 1))",
    )
    map_page.reload()
    expect(map_page.locator("#cell-oven")).to_be_hidden()


def test_a_relation_type_can_be_hidden(map_page: Page) -> None:
    shown = (
        "document.getElementById('map-plot').data.filter(t => t.meta.role === 'relation').map(t => t.visible)"
    )
    assert map_page.evaluate(shown) == [True, True]
    map_page.get_by_role("button", name="feeds").click()
    eventually(map_page, f"{shown}.every(v => v === false)")
    expect(map_page.get_by_role("button", name="feeds")).to_have_attribute("aria-pressed", "false")


def test_the_map_follows_the_repository_and_keeps_the_zoom(map_page: Page, bakery: Repository) -> None:
    before = map_page.evaluate(STANDS)
    map_page.get_by_role("button", name="Zoom in").click()
    eventually(map_page, "document.getElementById('map-plot')._fullLayout.xaxis.range[0] > 0")
    zoomed = map_page.evaluate("document.getElementById('map-plot')._fullLayout.xaxis.range")
    a_patch(bakery, state=life.REJECTED)
    expect(map_page.locator("h1")).to_contain_text("1 patch waits for you")
    badges = "document.getElementById('map-plot').data.find(t => t.meta.role === 'badge-text').text"
    eventually(map_page, f"{badges}.length === 1")
    assert map_page.evaluate(STANDS) == before
    assert map_page.evaluate("document.getElementById('map-plot')._fullLayout.xaxis.range") == zoomed


def test_new_evidence_changes_a_size_and_no_place(map_page: Page, bakery: Repository) -> None:
    before = map_page.evaluate(STANDS)
    source_of(bakery).commit(
        {f"reports/oven/heat_2026030{day}T0800Z.md": f"# Heat\n\n{day}\n" for day in (1, 2)}
    )
    sync(bakery)
    expect(map_page.locator("#swarm")).to_contain_text("4")
    expect(map_page.locator("#swarm [data-row]").first).to_contain_text(re.compile(r"\b4\b"))
    assert map_page.evaluate(STANDS) == before


def test_the_theme_recolours_the_map(map_page: Page) -> None:
    fill = "getComputedStyle(document.querySelector('#map-plot .points path')).fill"
    light = map_page.evaluate(fill)
    map_page.get_by_role("button", name="Light or dark").click()
    eventually(map_page, f"{fill} !== '{light}'")


def test_on_a_phone_the_cell_is_a_sheet_that_closes(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    page.wait_for_selector(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.getElementById('map-plot')._fullLayout.dragmode") is False
    page.locator("#cell-oven").click()
    expect(page.locator("#panel h2")).to_contain_text("oven")
    expect(page.locator("#panel")).to_be_in_viewport()
    page.get_by_role("button", name="Close the cell").click()
    expect(page.locator("#panel")).to_be_hidden()


def test_labels_do_not_overlap(map_page: Page) -> None:
    for width in (1440, 1000, 390):
        map_page.set_viewport_size({"width": width, "height": 900})
        map_page.goto("/")
        map_page.wait_for_selector(DRAWN)
        assert not map_page.evaluate(
            """() => {
              const boxes = [...document.querySelectorAll('#map-plot .tracelabel text')].map(t => t.getBoundingClientRect());
              return boxes.some((a, i) => boxes.slice(i + 1).some(b => a.left < b.right - 1 && b.left < a.right - 1
                && a.top < b.bottom - 6 && b.top < a.bottom - 6));
            }"""
        )


def test_the_timeline_draws_and_a_dot_opens_its_document(page: Page) -> None:
    page.goto("/cells/oven/")
    timeline = page.locator(".timeline").first
    expect(timeline.locator(".main-svg").first).to_be_visible()
    dots = timeline.locator(".scatterlayer .points path")
    expect(dots.first).to_be_visible()
    timeline.scroll_into_view_if_needed()
    box = dots.nth(0).bounding_box()
    assert box
    page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(timeline.locator(".hovertext")).to_be_visible()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).to_have_url(re.compile(r"/evidence/\d+/"))


def test_without_plotly_the_first_picture_stays_and_works(page: Page) -> None:
    page.route(
        "**/plotly.min.js", lambda route: route.fulfill(status=200, content_type="text/javascript", body="")
    )
    page.goto("/")
    expect(page.locator("#map-pictures .three-columns")).to_be_visible()
    page.locator("#map-pictures .three-columns .node[data-cell=oven] .cell").click()
    expect(page.locator("#panel h2")).to_contain_text("oven")
