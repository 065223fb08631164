"""A person with a browser: reads a patch, approves it, and every open page follows by itself."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from cells.models import Repository
from tests.factories import a_patch, source_of, sync


def test_approving_by_keyboard_lands_and_every_page_follows(page: Page, bakery: Repository) -> None:
    patch = a_patch(bakery)
    elsewhere = page.context.new_page()
    elsewhere.goto("/")
    expect(elsewhere.locator("h1")).to_contain_text("2 patches")
    page.goto("/patches/")
    page.keyboard.press("j")
    while patch.title not in str(page.evaluate("document.activeElement.textContent")):
        page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.locator("main > h1")).to_have_text(patch.title)
    expect(page.locator("ins, del").first).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#decision .pill").first).to_have_text("landed")
    expect(page.locator("#decision")).to_contain_text("The source has it.")
    expect(elsewhere.locator("h1")).to_contain_text("1 patch")
    expect(page.locator("#waiting-badge")).to_have_text("1")


def test_a_rejection_asks_for_its_reason_and_can_be_taken_back(page: Page, bakery: Repository) -> None:
    page.goto(f"/patches/{a_patch(bakery).pk}/")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Too warm for rye.")
    page.keyboard.press("Enter")
    expect(page.locator("#decision")).to_contain_text("Too warm for rye.")
    page.get_by_role("button", name="Reopen it").click()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()


def test_what_is_being_typed_survives_a_change_elsewhere(page: Page, bakery: Repository) -> None:
    patch = a_patch(bakery)
    page.goto(f"/patches/{patch.pk}/")
    page.get_by_label("Reason").fill("I am still thinking")
    with page.expect_response(lambda answer: "/pulse" in answer.url and answer.status == 200):
        source_of(bakery).commit({"docs/elsewhere.md": "Elsewhere."})
        sync(bakery)
    page.wait_for_timeout(500)
    expect(page.get_by_label("Reason")).to_have_value("I am still thinking")
