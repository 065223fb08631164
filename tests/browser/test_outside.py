"""A person with a browser lands by hand; the map carries the sign until a second one has read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from cells.models import Repository
from cells.permissions import REVIEWER
from tests.factories import a_patch, a_user, source_of, sync

SIGN = "1 landed by hand, unread"


@pytest.fixture
def second(browser: Browser, page: Page, live_server: Any) -> Iterator[Page]:
    """Somebody else, in a browser of their own."""
    client = Client()
    client.force_login(a_user("rin", REVIEWER))
    context = browser.new_context(base_url=live_server.url, locale="en")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    yield context.new_page()
    context.close()


def test_landed_by_hand_is_marked_until_a_second_person_has_read_it(
    page: Page, second: Page, bakery: Repository
) -> None:
    patch = a_patch(bakery)
    second.goto("/")
    expect(second.locator("#swarm")).not_to_contain_text("unread")
    page.goto(f"/patches/{patch.pk}/")
    page.get_by_text("It cannot wait: land by hand").click()
    page.get_by_role("button", name="Land it by hand now").click()  # the browser asks for the reason
    expect(page.locator("#decision .pill").first).to_have_text("proposed")
    page.get_by_label("Why it cannot wait").fill("The oven is on fire.")
    page.get_by_label("I have read the whole change").check()
    page.get_by_role("button", name="Land it by hand now").click()
    expect(page.locator("#decision .pill").first).to_have_text("landed", timeout=20_000)
    expect(page.locator("#decision")).to_contain_text("The oven is on fire. Nobody else has read it.")
    expect(second.locator("#swarm")).to_contain_text(SIGN)
    expect(second.locator("#map-canvas")).to_contain_text("⚑")
    second.get_by_role("link", name=SIGN).first.click()
    row = second.locator("#rows li").first
    expect(row).to_contain_text("The oven is on fire.")
    row.get_by_text("What it changes").click()
    expect(row.locator("ins, del").first).to_be_visible()
    row.get_by_role("button", name="I have read it").click()
    expect(row).to_contain_text("rin has read it")
    second.goto("/")
    expect(second.locator("#map-canvas")).not_to_contain_text("⚑")
    expect(page.locator("#decision")).to_contain_text("rin has read it")


def test_a_diff_that_is_being_read_stays_open_when_something_new_comes(
    page: Page, bakery: Repository
) -> None:
    source_of(bakery).commit(
        {"reports/oven/heat_20260303T0700Z.md": "# Heat\n\nToo hot.\n"}, message="Sneak in"
    )
    sync(bakery)
    page.goto("/outside/")
    page.get_by_text("What it changes").click()
    expect(page.get_by_text("Too hot.")).to_be_visible()
    source_of(bakery).commit({"docs/other.md": "Other."}, message="Another one")
    sync(bakery)
    expect(page.get_by_role("link", name="Something new has come; show it")).to_be_visible()
    expect(page.get_by_text("Too hot.")).to_be_visible()
