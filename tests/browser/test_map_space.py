"""EG-Space in a browser: the switch keeps the cell, the morph ends where the figure says, a closer look unfolds.
Complaints of the browser (console errors, refused styles) fail every test here; see the `page` fixture."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from cells.models import Cell, Lane, Repository
from cells.patches import life
from egspace.drawing import choice as drawing
from egspace.drawing.space import Space
from egspace.models import Figure
from tests.browser.test_map import DRAWN, eventually
from tests.egspace.spaces import a_ghost, a_place, a_space
from tests.factories import a_patch

SPACE = "/?view=space"
# Where a cell is drawn, where the figure puts it, both in pixels of the page.
STANDS = """key => {
  const plot = document.getElementById('map-plot'), box = plot.getBoundingClientRect();
  for (const trace of plot.data.filter(one => one.meta.role === 'cell')) {
    const i = trace.customdata.findIndex(row => row[0] === key);
    if (i < 0) continue;
    const mark = plot.querySelectorAll(`.trace${trace.uid} .point`)[i]?.getBoundingClientRect();
    if (!mark) return null; // plotly has the figure, and still draws it
    const [x, y] = ['x', 'y'].map(name => plot._fullLayout[(trace[name + 'axis'] ?? name).replace(name, name + 'axis')]);
    return {
      drawn: [mark.x + mark.width / 2, mark.y + mark.height / 2],
      told: [box.x + x._offset + x.l2p(trace.x[i]), box.y + y._offset + y.l2p(trace.y[i])],
    };
  }
}"""
ROLE = "document.getElementById('map-plot').data.find(trace => trace.meta.role === '%s')"

WHOLE = "!document.getAnimations().length && document.getElementById('map-plot').layout.meta.whole"
CLOSER = f"{WHOLE} === false"


@pytest.fixture(autouse=True)
def space(bakery: Repository, monkeypatch: pytest.MonkeyPatch) -> Callable[[Space | None], None]:
    """The map of meaning of the bakery; a test may set another one."""
    places = {"oven": a_place((-0.3, 0.2), (0.3, 0.3)), "dough": a_place((0.2, -0.2), None)}
    now: list[Space | None] = [a_space((), places=places, ghosts={"oven": (a_ghost((-0.1, 0.25), patch=1),)})]
    monkeypatch.setattr(drawing, "space_of", lambda repository, *, at_seq=None: now[0])

    def other(space: Space | None) -> None:
        now[0] = space
        Figure.objects.all().delete()  # what was made of the map before

    other(now[0])
    return other


@pytest.fixture
def map_page(page: Page) -> Page:
    page.goto(SPACE)
    page.wait_for_selector(DRAWN)
    return page


def stands(page: Page, key: str) -> dict[str, list[float]]:
    eventually(page, f"({STANDS})('{key}') !== null")
    found: dict[str, list[float]] = page.evaluate(STANDS, key)
    return found


def over(page: Page, key: str) -> tuple[float, float]:
    """Move the pointer onto a cell."""
    x, y = stands(page, key)["told"]
    page.mouse.move(x - 4, y)
    page.mouse.move(x, y)
    return x, y


def many_cells(repository: Repository, count: int) -> list[str]:
    lane = Lane.objects.get(repository=repository, key="sample")
    made = Cell.objects.bulk_create(
        Cell(repository=repository, lane=lane, key=f"more-{n}", position=10 + n) for n in range(count)
    )
    return [cell.key for cell in made]


def test_the_switch_is_a_link_that_keeps_the_cell_and_the_filter(page: Page) -> None:
    page.goto("/?cell=oven&q=ov")
    page.wait_for_selector(DRAWN)
    page.get_by_role("link", name="EG-Space").press("Enter")
    expect(page).to_have_url(re.compile(r"cell=oven.*view=space"))
    expect(page.get_by_role("link", name="EG-Space")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("link", name="Lanes")).not_to_have_attribute("aria-current", "page")
    expect(page.locator("#panel h2")).to_contain_text("oven")
    expect(page.locator("#cell-dough")).to_be_hidden()
    eventually(page, f"{ROLE % 'focus-delta'}?.x.length > 1")
    page.go_back()
    expect(page.get_by_role("link", name="Lanes")).to_have_attribute("aria-current", "page")
    eventually(page, f"!{ROLE % 'delta'}")


def test_without_plotly_the_switch_loads_the_other_picture(page: Page) -> None:
    page.route(
        "**/plotly.min.js", lambda route: route.fulfill(status=200, content_type="text/javascript", body="")
    )
    page.goto("/")
    page.get_by_role("link", name="EG-Space").click()
    expect(page).to_have_url(re.compile("view=space"))
    expect(page.locator("#map-pictures .space.three-columns .delta")).to_be_attached()
    page.wait_for_load_state()  # before the scripts are there, a click follows the link to the cell's page
    page.locator("#map-pictures .three-columns .node[data-cell=oven] .cell").click()
    expect(page.locator("#panel h2")).to_contain_text("oven")


def test_cells_walk_and_end_where_the_figure_says(page: Page) -> None:
    page.goto("/")
    page.wait_for_selector(DRAWN)
    before = stands(page, "oven")["drawn"]
    page.evaluate("""() => {
      window.walked = [];
      const animate = Element.prototype.animate;
      Element.prototype.animate = function (frames, time) {
        if (frames[0].transform) window.walked.push(this.getAttribute('class'));
        return animate.call(this, frames, time);
      };
    }""")
    page.get_by_role("link", name="EG-Space").click()
    eventually(page, "window.walked.length >= 6 && !document.getAnimations().length")
    after = stands(page, "oven")
    assert after["drawn"] == pytest.approx(after["told"], abs=1.5)
    assert after["drawn"] != pytest.approx(before, abs=20)


def test_who_wants_no_motion_gets_none(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/")
    page.wait_for_selector(DRAWN)
    page.evaluate("() => { Element.prototype.animate = () => { throw new Error('It moves.'); }; }")
    page.get_by_role("link", name="EG-Space").click()
    eventually(page, f"Boolean({ROLE % 'delta'})")
    after = stands(page, "oven")
    assert after["drawn"] == pytest.approx(after["told"], abs=1.5)


def test_plotly_takes_over_where_the_first_picture_stands(map_page: Page) -> None:
    picture = map_page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#map-pictures .three-columns .node')].map(node => {
          const box = node.querySelector('.cell').getBoundingClientRect();
          return [node.dataset.cell, [box.x + box.width / 2, box.y + box.height / 2]];
        }))"""
    )
    assert set(picture) == {"oven", "dough", "crumb"}
    for key, place in picture.items():
        assert stands(map_page, key)["told"] == pytest.approx(place, abs=1)


def test_hover_explains_a_cell_and_shows_its_way(map_page: Page) -> None:
    over(map_page, "oven")
    label = map_page.locator("#map-plot .hoverlayer .hovertext")
    expect(label).to_contain_text("δ 0.84 of 2, moving towards its goal by 0.02 a week")
    expect(label).to_contain_text("Closest to its goal: Kiln note")
    eventually(map_page, f"{ROLE % 'focus-trail'}.x.length > 1 && {ROLE % 'focus-goal'}.x.length === 1")
    map_page.mouse.move(5, 5)
    eventually(map_page, f"{ROLE % 'focus-trail'}.x.length === 0")


def test_who_cannot_be_placed_says_why_in_the_tray(map_page: Page) -> None:
    over(map_page, "crumb")
    expect(map_page.locator("#map-plot .hovertext")).to_contain_text("crumb")
    expect(map_page.locator("#map-plot .annotation-text", has_text="Not placed · 1")).to_be_visible()


def test_a_click_opens_the_cell_beside_the_map(map_page: Page) -> None:
    x, y = over(map_page, "dough")
    expect(map_page.locator("#map-plot .hovertext")).to_be_visible()
    map_page.mouse.click(x, y)
    expect(map_page.locator("#panel h2")).to_contain_text("dough")
    expect(map_page).to_have_url(re.compile(r"view=space.*cell=dough"))


def test_zoom_is_part_of_the_url_and_a_drag_moves_the_map_but_not_the_tray(map_page: Page) -> None:
    map_page.get_by_role("button", name="Zoom in").click()
    expect(map_page).to_have_url(re.compile("box="))
    eventually(map_page, CLOSER)
    crumb, dough = stands(map_page, "crumb")["told"], stands(map_page, "dough")["told"]
    map_page.mouse.move(500, 600)
    map_page.mouse.down()
    map_page.mouse.move(540, 620, steps=4)
    map_page.mouse.up()
    eventually(map_page, "!document.getAnimations().length")
    map_page.wait_for_timeout(300)
    assert stands(map_page, "dough")["told"] == pytest.approx([dough[0] + 40, dough[1] + 20], abs=2)
    assert stands(map_page, "crumb")["told"] == pytest.approx(crumb, abs=1)
    map_page.reload()
    map_page.wait_for_selector(DRAWN)
    assert stands(map_page, "dough")["told"] == pytest.approx([dough[0] + 40, dough[1] + 20], abs=2)
    map_page.get_by_role("button", name="Show everything").click()
    expect(map_page).not_to_have_url(re.compile("box="))


def test_a_closer_look_unfolds_what_stands_too_close(
    page: Page, bakery: Repository, space: Callable[[Space | None], None]
) -> None:
    space(a_space(many_cells(bakery, 1000)))
    page.goto(SPACE)
    page.wait_for_selector(DRAWN)
    caption = page.locator("#map-caption")
    expect(caption).to_contain_text(re.compile(r"Showing \d+ of 1,003 cells · [\d,]+ stand too close"))
    drawn = "document.getElementById('map-plot').data.filter(t => t.meta.role === 'cell').flatMap(t => t.customdata)"
    assert page.evaluate(f"{drawn}.length") < 300
    before = caption.inner_text()
    group = page.evaluate(
        """() => {
          const plot = document.getElementById('map-plot'), box = plot.getBoundingClientRect();
          const mark = plot.querySelector('.tracegroup .point').getBoundingClientRect();
          return [mark.x + mark.width / 2, mark.y + mark.height / 2];
        }"""
    )
    page.mouse.move(group[0] - 3, group[1])
    page.mouse.move(*group)
    expect(page.locator("#map-plot .hovertext")).to_contain_text("Click to look closer.")
    page.mouse.click(*group)
    expect(caption).to_contain_text("outside this closer look")
    expect(page).to_have_url(re.compile("box="))
    page.get_by_role("button", name="Show everything").click()
    expect(caption).to_have_text(before)


def test_the_map_follows_the_repository(map_page: Page, bakery: Repository) -> None:
    a_patch(bakery, state=life.REJECTED)
    expect(map_page.locator("h1")).to_contain_text("1 patch waits")
    badges = "document.getElementById('map-plot').data.filter(t => t.meta.role.startsWith('badge-text')).flatMap(t => t.text)"
    eventually(map_page, f"{badges}.length === 1")
    assert map_page.evaluate(f"Boolean({ROLE % 'delta'})")


def test_a_moment_is_asked_for_and_stays_whatever_happens_now(page: Page, bakery: Repository) -> None:
    page.goto(SPACE)
    page.wait_for_selector(DRAWN)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "map.json" in request.url else None)
    with page.expect_request(re.compile(r"map\.json.*at=" + bakery.head)):
        page.evaluate(
            "at => document.body.dispatchEvent(new CustomEvent('vpm:moment', { detail: { at } }))",
            bakery.head,
        )
    asked.clear()
    page.evaluate("document.body.dispatchEvent(new CustomEvent('vpm:changed'))")
    page.wait_for_timeout(400)
    assert asked == []


def test_while_the_map_of_meaning_is_not_there_the_page_says_so_and_then_follows(
    page: Page, space: Callable[[Space | None], None]
) -> None:
    space(None)
    page.goto(SPACE)
    page.wait_for_selector(DRAWN)
    expect(page.locator("#map-plot .annotation-text")).to_contain_text("The map of meaning")
    space(a_space(("oven", "dough", "crumb")))
    Repository.objects.update(read_digest="another")
    with page.expect_response(lambda answer: "hx-request" in answer.request.headers):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('vpm:changed'))")
    eventually(page, f"Boolean({ROLE % 'delta'})")


@pytest.mark.parametrize(("name", "start"), [("PNG", b"\x89PNG"), ("SVG", b"<svg")])
@pytest.mark.parametrize("path", ["/", SPACE])
def test_a_view_is_exported_as_a_picture_with_its_source(
    page: Page, bakery: Repository, path: str, name: str, start: bytes
) -> None:
    page.goto(path)
    page.wait_for_selector(DRAWN)
    page.locator(".map-export summary").click()
    with page.expect_download() as started:
        page.get_by_role("button", name=name).click()
    content = started.value.path().read_bytes()
    assert content.startswith(start)
    assert (
        started.value.suggested_filename
        == f"vpm-bakery-{'space' if path == SPACE else 'lanes'}.{name.lower()}"
    )
    if name == "SVG":
        assert f"bakery · {bakery.head[:10]}" in content.decode()
        assert "Showing 3 of 3 cells" in content.decode()
    else:
        assert len(content) > 10_000


def test_a_view_is_exported_as_the_figure_it_is(map_page: Page) -> None:
    map_page.locator(".map-export summary").click()
    with map_page.expect_download() as started:
        map_page.get_by_role("link", name="JSON").click()
    figure: dict[str, Any] = json.loads(started.value.path().read_text())
    assert figure["layout"]["meta"]["view"] == "space"


def test_on_a_phone_the_map_fits_zooms_by_buttons_and_opens_a_sheet(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(SPACE)
    page.wait_for_selector(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.getElementById('map-plot')._fullLayout.dragmode") is False
    page.get_by_role("button", name="Zoom in").click()
    eventually(page, CLOSER)
    page.get_by_role("button", name="Show everything").click()
    eventually(page, WHOLE)
    page.locator("#map-plot").scroll_into_view_if_needed()
    x, y = over(page, "oven")
    page.mouse.click(x, y)
    expect(page.locator("#panel h2")).to_contain_text("oven")
    expect(page.locator("#panel")).to_be_in_viewport()


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{SPACE}&cell=oven")
    page.wait_for_selector(DRAWN)
    page.locator(".map-export summary").click()
    found = Axe().run(page).response["violations"]
    bad = [(v["id"], v["nodes"][0]["html"][:160]) for v in found if v["impact"] in ("serious", "critical")]
    assert not bad


def test_names_do_not_overlap_and_most_cells_have_one(
    page: Page, bakery: Repository, space: Callable[[Space | None], None]
) -> None:
    keys = many_cells(bakery, 27)
    Cell.objects.filter(key__in=keys[:9]).update(title="Water and milk")
    Cell.objects.filter(key__in=keys[9:18]).update(title="生豆倉庫の温湿度")
    space(a_space(["oven", "dough", "crumb", *keys]))
    for width in (1440, 1000, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(SPACE)
        page.wait_for_selector(DRAWN)
        named = page.evaluate("""() => {
          const boxes = [...document.querySelectorAll('#map-plot .tracelabel text')].map(t => t.getBoundingClientRect());
          const meets = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 6 && b.top < a.bottom - 6;
          return boxes.some((a, i) => boxes.slice(i + 1).some(b => meets(a, b))) ? 0 : boxes.length;
        }""")
        assert named > (10 if width == 390 else 30)
