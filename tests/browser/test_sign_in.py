"""A person with a browser and the link of `make run`; the other tests of this folder come in without drawing its page."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from cells import accounts


def test_the_link_leads_to_the_map(page: Page) -> None:
    page.context.clear_cookies()
    page.goto(accounts.sign_in_link(""))
    expect(page.locator("h1")).to_contain_text("2 patches")
