"""A person with a browser: rewrites a proposal, somebody else approves it, and a landing is taken back by one click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from cells.models import Patch, Repository
from cells.patches import life
from cells.permissions import REVIEWER
from cells.ssot.mirror import Mirror
from tests.factories import STATE, a_patch, a_user, source_of, sync

CURRENT = "STATE/bread/current_state.md"


def on_main(repository: Repository) -> str:
    mirror = Mirror(repository.mirror)
    return mirror.text(mirror.tip("refs/heads/main"), CURRENT) or ""


@pytest.fixture
def mios(browser: Browser, live_server: Any, bakery: Repository, page: Page) -> Iterator[Page]:
    """A second person, who may decide."""
    client = Client()
    client.force_login(a_user("mio", REVIEWER))
    context = browser.new_context(base_url=live_server.url, locale="en")
    cookie = client.cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
    yield context.new_page()
    context.close()


def test_an_edited_proposal_is_approved_by_somebody_else_and_taken_back_by_one_click(
    page: Page, mios: Page, bakery: Repository
) -> None:
    old = a_patch(bakery)
    page.goto(f"/patches/{old.pk}/")
    page.get_by_role("link", name="Edit").click()
    text = page.get_by_label(CURRENT)
    text.fill(text.input_value().replace("225", "240"))
    page.get_by_label("What you changed, and why").fill("Two hundred and forty.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview ins").first).to_contain_text("240")
    page.get_by_role("button", name="Save as new version").click()
    expect(page.locator(".notice").get_by_text("Saved as a new version.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    new = Patch.objects.get(replaces=old)
    mios.goto(f"/patches/{new.pk}/")
    mios.get_by_role("button", name="Approve").click()
    expect(mios.locator("#decision .pill").first).to_have_text("landed")
    assert "240" in on_main(bakery)
    mios.get_by_role("button", name="Revert").click()
    expect(mios.locator("main > h1")).to_have_text(f'Revert "{old.title}"')
    expect(mios.locator("#decision .pill").first).to_have_text("landed")
    assert on_main(bakery) == STATE
    mios.goto(f"/patches/{new.pk}/")
    expect(mios.get_by_role("button", name="Revert")).to_be_disabled()


def test_what_is_typed_is_not_left_without_a_question(page: Page, bakery: Repository) -> None:
    patch = a_patch(bakery)
    asked: list[str] = []
    answers = iter([False, True])
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept() if next(answers) else dialog.dismiss()))  # fmt: skip
    page.goto(f"/patches/{patch.pk}/edit")
    text = page.get_by_label(CURRENT)
    text.fill("Half a thought")
    page.keyboard.press("Escape")
    expect(text).not_to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    expect(text).to_have_value("Half a thought")
    page.get_by_role("link", name="Back without saving").click()
    expect(page).to_have_url(re.compile(rf"/patches/{patch.pk}/$"))
    assert asked == ["beforeunload", "beforeunload"]


def test_an_untouched_form_is_left_by_escape(page: Page, bakery: Repository) -> None:
    patch = a_patch(bakery)
    page.goto(f"/patches/{patch.pk}/edit")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(rf"/patches/{patch.pk}/$"))


def test_a_stale_form_says_so_and_keeps_the_text(page: Page, bakery: Repository) -> None:
    page.goto(f"/patches/{a_patch(bakery).pk}/edit")
    text = page.get_by_label(CURRENT)
    text.fill("Mine")
    source_of(bakery).commit({CURRENT: STATE.replace("without anyone watching", "asleep")})
    sync(bakery)
    page.get_by_role("button", name="Save as new version").click()
    expect(page.get_by_role("alert")).to_contain_text("changed since you looked")
    expect(page.get_by_label(CURRENT)).to_have_value("Mine")
    page.get_by_role("button", name="Save as new version").click()
    expect(page.locator(".notice").get_by_text("Saved as a new version.")).to_be_visible()


def test_a_change_begins_at_the_document(page: Page, bakery: Repository) -> None:
    page.goto(f"/files/?repo=bakery&path={CURRENT}")
    page.get_by_role("link", name="Propose a change").click()
    page.get_by_label("Title").fill("Measure again")
    text = page.get_by_label(CURRENT)
    text.fill(text.input_value().replace("210", "220"))
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("main > h1")).to_have_text("Measure again")
    assert Patch.objects.get(title="Measure again").state == life.PROPOSED
    assert User.objects.get(username="owner").pk == Patch.objects.get(title="Measure again").proposer_id


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_is_accessible_and_fits_the_screen(
    page: Page, bakery: Repository, width: int, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"/patches/{a_patch(bakery).pk}/edit")
    page.get_by_label(CURRENT).fill("A line that is much longer than a phone is wide. " * 4)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    bad = [(v["id"], v["nodes"][0]["html"][:160]) for v in found if v["impact"] in ("serious", "critical")]
    assert not bad, bad
