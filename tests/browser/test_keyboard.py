"""A morning with the inbox: by keyboard alone, on a phone, in Japanese; nobody decides what they do not see."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cells.models import Patch, Repository
from cells.patches import desk, life
from cells.permissions import REVIEWER
from tests.factories import a_repository, a_user

NOTES = {
    f"ask/note-{n}": {f"reports/oven/note_20260302T0{n}00Z.md": f"# Note {n}\n\nWarm.\n"} for n in range(1, 7)
}


@pytest.fixture
def bakery(transactional_db: None, tmp_path: Path) -> Repository:
    """Six proposals that ask the same question."""
    return a_repository(tmp_path, proposals=NOTES)


def states(repository: Repository) -> dict[str, int]:
    rows = list(repository.patches.values_list("state", flat=True))
    return {state: rows.count(state) for state in set(rows)}


def pressed(page: Page, key: str) -> None:
    """One key that decides leads to the next patch."""
    expect(page.locator('#decision [data-key="a"]')).to_be_visible()
    here = page.url
    page.keyboard.press(key)
    page.wait_for_function("url => location.href !== url", arg=here)


def test_six_are_decided_by_keyboard_alone(page: Page, bakery: Repository) -> None:
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page.locator("h1")).to_have_text("6 patches need you")
    page.keyboard.press("j")
    page.keyboard.press("o")
    for key in ("a", "x", "z"):
        pressed(page, key)
    expect(page.locator('#decision [data-key="a"]')).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.type("Measured at night.")
    here = page.url
    page.keyboard.press("Enter")
    page.wait_for_function("url => location.href !== url", arg=here)
    expect(page.locator('#decision [data-key="a"]')).to_be_visible()
    page.keyboard.press("s")
    page.keyboard.type("Say where it was measured.")
    here = page.url
    page.keyboard.press("Enter")
    page.wait_for_function("url => location.href !== url", arg=here)
    pressed(page, "a")
    expect(page.locator("h1")).to_have_text("Nothing needs you now.")
    expect(page.locator(".kept").first).to_contain_text("1 put off")
    assert states(bakery) == {
        life.LANDED: 2, life.ARCHIVED: 1, life.PROPOSED: 1, life.REJECTED: 1, life.SENT_BACK: 1
    }  # fmt: skip


def test_u_takes_the_last_decision_back(page: Page, bakery: Repository) -> None:
    page.goto("/inbox/")
    page.keyboard.press("j")
    page.keyboard.press("o")
    pressed(page, "x")
    expect(page.locator("#toast")).to_contain_text("Archived.")
    page.keyboard.press("u")
    expect(page.get_by_role("status").filter(has_text="Taken back.")).to_be_visible()
    assert states(bakery) == {life.PROPOSED: 6}


def test_no_key_decides_without_a_visible_target(page: Page, bakery: Repository) -> None:
    page.goto("/inbox/")
    page.wait_for_load_state("load")
    for key in ("a", "x", "z", "u"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert states(bakery) == {life.PROPOSED: 6}
    assert not Patch.objects.filter(snoozes__isnull=False).exists()


def test_a_row_decides_in_place_and_the_next_one_has_the_focus(page: Page, bakery: Repository) -> None:
    page.goto("/inbox/")
    page.locator(".alike summary").click()
    expect(page.locator(".inbox-row")).to_have_count(6)
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator(".inbox-row").nth(1)
    third = page.locator(".inbox-row").nth(2).get_attribute("id")
    expect(second.locator("a.what")).to_be_focused()
    gone = second.get_attribute("id")
    page.keyboard.press("x")
    expect(page.locator(f"#{gone}")).to_have_count(0)
    expect(page.locator(f"#{third} a.what")).to_be_focused()
    expect(page.locator("#announce")).to_contain_text("Archived.")


def test_what_is_decided_elsewhere_leaves_at_once(page: Page, bakery: Repository) -> None:
    page.goto("/inbox/")
    expect(page.locator("h1")).to_have_text("6 patches need you")
    patch = bakery.patches.order_by("pk").first()
    assert patch
    desk.claim(patch=patch, by=a_user("ken", REVIEWER))
    expect(page.locator("h1")).to_have_text("5 patches need you")
    expect(page.locator(f"#p{patch.pk}")).to_have_count(0)


def test_what_somebody_else_holds_says_so_where_it_is_pressed(page: Page, bakery: Repository) -> None:
    patch = bakery.patches.order_by("pk").first()
    assert patch
    page.goto(f"/patches/{patch.pk}/")
    Patch.objects.filter(pk=patch.pk).update(
        claimed_by=a_user("ken", REVIEWER), claimed_until="2099-01-01T00:00Z"
    )
    page.keyboard.press("a")
    expect(page.locator("#decision [role=alert]")).to_contain_text("ken has claimed this until")
    expect(page.locator("#decision [role=alert]")).to_be_focused()
    page.get_by_role("button", name="Take it over").click()
    expect(page.locator('#decision [data-key="a"]')).to_be_visible()


def test_one_is_decided_on_a_phone_in_japanese(page: Page, bakery: Repository) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/inbox/")
    page.locator('button[name="language"]').click()
    expect(page.locator("h1")).to_contain_text("あなたの判断を待つパッチ")
    page.locator(".inbox-row a.what").first.click()
    approve = page.get_by_role("button", name="承認", exact=True)
    box = approve.bounding_box()
    assert box
    assert (box["y"] > 700, box["height"] >= 44) == (True, True), box  # in reach of a thumb
    approve.click()
    expect(page.locator("#toast")).to_contain_text("承認しました")
    assert states(bakery)[life.PROPOSED] == 5
