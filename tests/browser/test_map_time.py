"""The time slider in a browser: it moves the map, keeps the URL, works by keys, and nothing throws a person out of the
past they look at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cells.models import Repository
from cells.patches import life
from tests.browser.test_map import DRAWN, eventually
from tests.factories import SWARM, a_patch, a_repository, source_of, sync

BADGES = """document.getElementById('map-plot').data.filter(t => t.meta.role === 'badge-text').flatMap(t => t.text)"""
CELLS = """document.getElementById('map-plot').data.filter(t => t.meta.role === 'cell')
    .flatMap(t => t.customdata.map(row => row[0])).sort().join()"""
RYE = '[[cells]]\nkey = "rye"\nlane = "sample"\ntitle = "Rye"\n'


@pytest.fixture
def bakery(transactional_db: None, tmp_path: Path) -> Repository:
    """Begun with three cells; a fourth came, a proposal landed, and the fourth went again a week later."""
    repository = a_repository(tmp_path)
    source = source_of(repository)
    source.commit({"swarm.toml": SWARM + RYE}, message="Try rye")
    source.at = source.at.replace(day=10)
    source.commit({"swarm.toml": SWARM}, message="No more rye")
    source.commit({"docs/a.md": "A\n"}, message="Write A")
    return sync(repository)


@pytest.fixture
def slider(page: Page) -> Page:
    page.goto("/")
    page.wait_for_selector(DRAWN)
    page.get_by_role("slider", name="Moment").focus()
    expect(page.get_by_role("slider")).to_have_attribute("max", "3")
    return page


def shows(page: Page, *cells: str) -> None:
    eventually(page, f"{CELLS} === '{','.join(sorted(cells))}'")


def test_the_arrow_keys_go_back_and_the_map_the_head_and_the_list_follow(slider: Page) -> None:
    shows(slider, "crumb", "dough", "oven")
    slider.keyboard.press("ArrowLeft")
    slider.keyboard.press("ArrowLeft")
    expect(slider.get_by_role("slider")).to_have_attribute(
        "aria-valuetext", re.compile(r"2026-03-0\d .*Try rye")
    )
    shows(slider, "crumb", "dough", "oven", "rye")
    expect(slider.locator("h1")).to_contain_text("The map as it stood on 2026-03-0")
    expect(slider.locator("#cell-rye")).to_be_visible()
    expect(slider).to_have_url(re.compile("at=[0-9a-f]{10}"))
    slider.keyboard.press("Home")
    shows(slider, "crumb", "dough", "oven")
    expect(slider.locator(".time-subject")).to_have_text("Begin")
    slider.keyboard.press("End")
    expect(slider).not_to_have_url(re.compile("at="))
    expect(slider.locator("h1")).to_contain_text("2 patches wait for you")


def test_a_drag_moves_the_map_and_is_one_step_of_the_browsers_history(slider: Page) -> None:
    box = slider.get_by_role("slider").bounding_box()
    assert box
    slider.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    slider.mouse.down()
    for part in (0.9, 0.7, 0.5, 0.36):
        slider.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)
    slider.mouse.up()
    shows(slider, "crumb", "dough", "oven", "rye")
    slider.go_back()
    expect(slider).not_to_have_url(re.compile("at="))
    shows(slider, "crumb", "dough", "oven")
    slider.go_forward()
    shows(slider, "crumb", "dough", "oven", "rye")
    expect(slider.locator(".time-subject")).to_have_text("Try rye")


def test_the_buttons_step_and_lead_back_to_now(slider: Page) -> None:
    now = slider.get_by_role("button", name="Now", exact=True)
    expect(now).to_be_disabled()
    slider.get_by_role("button", name="One step back").click()
    expect(slider.locator(".time-subject")).to_have_text("No more rye")
    slider.get_by_role("button", name="One step back").click()
    expect(slider.locator(".time-subject")).to_have_text("Try rye")
    slider.get_by_role("button", name="One step forth").click()
    expect(slider.locator(".time-subject")).to_have_text("No more rye")
    now.click()
    expect(slider).not_to_have_url(re.compile("at="))
    expect(slider.locator("h1")).to_contain_text("2 patches wait for you")


def test_by_week_only_the_last_commit_of_a_week_is_a_step(slider: Page) -> None:
    slider.get_by_role("button", name="by week").click()
    expect(slider.get_by_role("slider")).to_have_attribute("max", "1")
    slider.get_by_role("button", name="One step back").click()
    expect(slider.locator(".time-subject")).to_have_text("Try rye")
    slider.get_by_role("button", name="by week").click()
    expect(slider.get_by_role("slider")).to_have_value("1")
    expect(slider.locator(".time-subject")).to_have_text("Try rye")


def test_play_goes_from_the_beginning_to_now_and_stops(slider: Page) -> None:
    slider.get_by_role("button", name="Play").click()
    expect(slider.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "true")
    expect(slider.locator(".time-subject")).to_have_text("Begin")
    expect(slider.locator(".time-subject")).to_have_text("Try rye")
    shows(slider, "crumb", "dough", "oven", "rye")
    expect(slider.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")
    expect(slider).not_to_have_url(re.compile("at="))


def test_play_can_be_stopped(slider: Page) -> None:
    slider.get_by_role("button", name="Play").click()
    expect(slider.locator(".time-subject")).to_have_text("Try rye")
    slider.get_by_role("button", name="Play").click()
    stopped = slider.url
    slider.wait_for_timeout(1500)
    assert slider.url == stopped


def test_a_link_to_a_moment_opens_there_and_with_the_cell_that_is_gone(
    page: Page, bakery: Repository
) -> None:
    page.goto("/?at=2026-03-05&cell=rye")
    page.wait_for_selector(DRAWN)
    shows(page, "crumb", "dough", "oven", "rye")
    expect(page.get_by_role("slider")).to_have_value("1")
    expect(page.locator("#panel")).to_contain_text("The swarm holds this cell no longer.")
    page.get_by_role("link", name="Back to now").click()
    shows(page, "crumb", "dough", "oven")
    expect(page).not_to_have_url(re.compile("at="))


def test_what_happens_now_leaves_a_person_in_the_past(slider: Page, bakery: Repository) -> None:
    slider.keyboard.press("ArrowLeft")
    slider.keyboard.press("ArrowLeft")
    shows(slider, "crumb", "dough", "oven", "rye")
    a_patch(bakery, state=life.REJECTED)
    source_of(bakery).commit({"docs/b.md": "B\n"}, message="Write B")
    sync(bakery)
    expect(slider.get_by_role("slider")).to_have_attribute("max", "4")
    expect(slider.get_by_role("slider")).to_have_value("1")
    expect(slider.locator("h1")).to_contain_text("The map as it stood")
    shows(slider, "crumb", "dough", "oven", "rye")
    slider.get_by_role("button", name="Now", exact=True).click()
    expect(slider.locator("h1")).to_contain_text("1 patch waits for you")
    eventually(slider, f"{BADGES}.length === 1")


def test_proposals_and_landings_are_marked_and_light_up(page: Page, bakery: Repository) -> None:
    a_patch(bakery, state=life.LANDED)
    page.goto("/")
    page.wait_for_selector(DRAWN)
    page.get_by_role("slider").focus()
    expect(page.locator(".time-marks .landed")).to_have_attribute("d", "M4,0V10")
    expect(page.locator(".time-marks .proposed")).to_have_attribute("d", "M1,4V10")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".time-done")).to_have_text("proposed: 2")
    eventually(
        page, "document.getElementById('map-plot').data.find(t => t.meta.role === 'lit').x.length === 2"
    )


def test_the_slider_stays_where_it_is_while_the_map_grows(slider: Page) -> None:
    top = "document.getElementById('map-time-range').getBoundingClientRect().top + scrollY"
    before = slider.evaluate(top)
    for _ in range(3):
        slider.keyboard.press("ArrowLeft")
        slider.wait_for_timeout(150)
    expect(slider.locator(".time-subject")).to_have_text("Begin")
    assert abs(slider.evaluate(top) - before) < 30  # the head may take another line


def test_on_a_phone_the_slider_has_room(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/?at=2026-03-05")
    page.wait_for_selector(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = [button.bounding_box() for button in page.locator(".time-bar button").all()]
    assert all(box and box["width"] >= 36 and box["height"] >= 36 for box in boxes)


def test_without_steps_the_map_of_now_stays(page: Page) -> None:
    page.route(
        "**/map/steps.json*",
        lambda route: route.fulfill(
            status=200, content_type="application/json", body='{"commits": [], "weeks": []}'
        ),
    )
    page.goto("/")
    page.wait_for_selector(DRAWN)
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    shows(page, "crumb", "dough", "oven")
    expect(page).not_to_have_url(re.compile("at="))
