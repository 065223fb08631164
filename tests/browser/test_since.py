"""A stale click is told what changed, and one key approves after reading; a hurried key does not."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from cells.models import Patch, Repository
from tests.factories import STATE, a_patch, source_of, sync

PATH = "STATE/bread/current_state.md"


def test_a_stale_click_is_answered_with_what_changed_and_one_key(page: Page, bakery: Repository) -> None:
    patch = a_patch(bakery)
    page.goto(f"/patches/{patch.pk}/")
    source_of(bakery).commit({PATH: STATE.replace("buy a thermo", "buy two thermo")}, message="Buy another")
    sync(bakery)
    page.keyboard.press("a")
    said = page.locator("#since-said")
    expect(said).to_contain_text("Main changed a file")
    expect(said).to_be_focused()
    expect(page.locator(".since-under")).to_contain_text("Buy another")
    assert Patch.objects.get(pk=patch.pk).state == "proposed"
    found = Axe().run(page)
    assert not [
        one["id"] for one in found.response["violations"] if one["impact"] in ("serious", "critical")
    ], found.generate_report()
    page.wait_for_timeout(1500)
    page.keyboard.press("a")
    expect(page.locator("#decision .pill").first).to_have_text("landed")


def test_a_box_that_came_unasked_wants_to_be_read_first(page: Page, bakery: Repository) -> None:
    patch = a_patch(bakery)
    page.goto(f"/patches/{patch.pk}/")
    source_of(bakery).commit({PATH: STATE.replace("buy a thermo", "buy two thermo")}, message="Buy another")
    sync(bakery)
    page.evaluate("document.body.dispatchEvent(new CustomEvent('vpm:changed'))")
    expect(page.locator("#since-said")).to_be_visible()
    expect(page.get_by_text("I have read it")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve what it would do now")).to_be_visible()
    assert Patch.objects.get(pk=patch.pk).state == "proposed"
