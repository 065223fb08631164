"""An operator with a browser: asks a cell, watches the ask end, and reads what the contract says of its patch."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from cells.models import Ask, Repository
from tests.factories import source_of, sync


def ask(page: Page, mode: str) -> None:
    page.goto("/cells/oven/")
    page.get_by_text(mode, exact=True).click()
    page.get_by_role("button", name="Ask", exact=True).click()


def test_an_ask_ends_within_seconds_and_its_patch_shows_its_verdict(page: Page, bakery: Repository) -> None:
    ask(page, "Take a snapshot of the project")
    expect(page.locator("#ask .pill").first).to_have_text("answered")
    made = Ask.objects.get()
    assert made.patch
    page.get_by_role("link", name=made.patch.title).click()
    expect(page.locator("main > h1")).to_have_text(made.patch.title)
    expect(page.locator("#verdict .pill").first).to_have_text("review required")
    expect(page.locator("#verdict")).to_contain_text(f"Made by ask {made.pk}")


def test_a_plan_is_sent_back_and_the_new_ask_says_why(page: Page, bakery: Repository) -> None:
    ask(page, "Update the North Star")
    expect(page.locator("#ask .pill").first).to_have_text("plan only")
    page.get_by_role("button", name="Send back").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what is wrong with the answer")
    page.get_by_label("What is wrong with the answer?").fill("The noon run is missing.")
    page.get_by_role("button", name="Send back").click()
    expect(page.locator("#ask")).to_contain_text("The noon run is missing.")
    assert Ask.objects.count() == 2


def test_what_was_chosen_survives_a_change_elsewhere(page: Page, bakery: Repository) -> None:
    page.goto("/cells/oven/")
    page.get_by_text("Take a snapshot of the project", exact=True).click()
    with page.expect_response(lambda answer: "/pulse" in answer.url and answer.status == 200):
        source_of(bakery).commit({"docs/elsewhere.md": "Elsewhere."})
        sync(bakery)
    page.wait_for_timeout(500)
    expect(page.get_by_label("Take a snapshot of the project")).to_be_checked()


def test_the_keys_lead_to_the_asks(page: Page, bakery: Repository) -> None:
    page.goto("/patches/")
    page.keyboard.press("g")
    page.keyboard.press("k")
    expect(page.locator("main > h1")).to_have_text("Asks")
