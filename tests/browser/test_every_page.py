"""Every page of the product once: on a phone in Japanese, on a wide screen in English, each in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, get_resolver, resolve, reverse
from django.urls.converters import IntConverter
from playwright.sync_api import Page, expect

from cells import accounts
from cells.asks import asking
from cells.backtest import job
from cells.models import Repository
from cells.patches import desk, life, reviews
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR
from egspace import refresh
from tests.factories import FILES, a_patch, a_user, source_of, sync

ALIKE = {f"think/note-{n}": f"reports/dough/note_20260303T0{n}00Z.md" for n in range(1, 4)}
HASTY = "ask/hasty"

# No pages: figures, files, feeds, and what only answers a page that asks for it.
NO_PAGES = {
    "map-figure", "map-steps", "timeline", "delta", "project-delta", "picture", "audit-export", "cell-feed", "lane-feed",
    "inbox-badge", "pulse", "health", "sign-in-by-link", "github_callback",
}  # fmt: skip
# Parts of pages, looked at where they stand.
PARTS = {
    "cell-panel", "patch-change", "inbox-group", "story", "why", "past", "map-gone", "near-to", "forecast", "beside",
}  # fmt: skip

LOADING = ("/?", "/cells/", "/projects/", "/patches/", "/evidence/")  # they ask for parts of themselves

ENGLISH = """() => {
  const quoted = "code, pre, kbd, samp, textarea, .rule, .cases .reasons, .prose, .rendered, [lang=en], script, style, noscript, title";
  const said = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (!walk.currentNode.parentElement.closest(quoted)) said.push(walk.currentNode.data);
  for (const one of document.querySelectorAll("[title], [aria-label], [placeholder], [alt]"))
    if (!one.closest(quoted)) said.push(...["title", "aria-label", "placeholder", "alt"].map(name => one.getAttribute(name) ?? ""));
  return said;
}"""
RUN = re.compile(
    r"(?<![\w/.(-])[A-Za-z][a-z]+(?: [a-z]{2,})+(?![\w/.(-])"
)  # two words or more, as a sentence has them
NAMES = "command line\nmake run\nsamples think\n"  # an actor of the audit, a command, a lane beside a kind


@pytest.fixture
def known(bakery: Repository) -> Repository:
    """Something of everything: landed, outside, by hand, handed over, claimed, alike, asked, back-tested, on the map."""
    source = source_of(bakery)
    for branch, path in ALIKE.items():
        source.propose(branch, {path: "# 記録\n\n二倍になった。\n"})
    source.propose(HASTY, {"docs/oven.md": "# 窯\n\n火の用心。\n"})
    source.commit({"docs/outside.md": "外から。\n"}, message="外からの変更")
    sync(bakery)
    owner, rin = accounts.owner(), a_user("rin", OPERATOR)
    a_patch(bakery, life.LANDED, "think/dough-notes")
    hasty = a_patch(bakery, branch=HASTY)
    reviews.land_by_hand(
        patch=hasty, by=rin, digest=hasty.digest, verdict=fingerprint(hasty.verdict), reason="火事です。"
    )
    desk.hand_over(patch=a_patch(bakery), by=rin, to=owner, note="見てください。")
    asking.start(cell=bakery.cells.get(key="dough"), mode="pr_groomer", by=owner, door="page")
    asking.start(cell=bakery.cells.get(key="oven"), mode="pm_snapshot", by=owner, door="page")
    job.start(repository=bakery, by=owner, assume_green=True)
    refresh.execute_now(bakery)
    return bakery


def pages(known: Repository) -> Iterator[str]:
    """All of them, by address."""
    waits, landed = a_patch(known), known.patches.filter(state=life.LANDED)
    ask, outside = known.asks.latest("pk"), known.outside.latest("pk")
    heat = known.evidence.filter(title="Heat")[0]
    alike = known.patches.filter(branch__in=ALIKE)[0]
    yield from (
        "/",
        "/?cell=oven",
        "/inbox/",
        f"/bulk/?key={alike.group}",
        "/cells/oven/",
        "/projects/bread/",
    )
    yield from (f"/inbox/kept/{kind}/" for kind in ("snoozed", "handed", "claimed", "own", "agreed"))
    yield from (
        "/patches/",
        "/patches/?state=landed",
        f"/patches/{waits.pk}/?from=inbox",
        f"/patches/{waits.pk}/edit",
    )
    yield from (f"/patches/{one.pk}/" for one in landed)
    yield f"/asks/{known.asks.get(mode='pr_groomer').pk}/groom"
    yield from ("/asks/", f"/asks/{ask.pk}/", "/evidence/", f"/evidence/{heat.pk}/", "/near/?near=dough")
    yield from ("/files/?path=swarm.toml", "/files/edit?path=STATE/bread/current_state.md", "/lanes/")
    yield from ("/backtest/", f"/backtest/{known.backtests.latest('pk').pk}/", "/audit/", "/repositories/")
    yield f"/repositories/{known.key}/github"
    yield from ("/outside/?show=all", f"/outside/{outside.pk}/")
    yield f"/outside/by-hand/{known.patches.get(branch=HASTY).pk}/"
    yield from ("/learning/", "/learning/plant/", "/account/", "/people/")
    yield reverse("sign-in")  # last, because it is seen without an account


def faults(page: Page, width: int) -> list[Any]:
    """What is wider than the screen, and what axe calls serious or critical, in light and then in dark."""
    found: list[Any] = []
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
        found.append(f"{wide} px wide")
    page.emulate_media(color_scheme="light")
    seen = list(Axe().run(page).response["violations"])
    page.emulate_media(color_scheme="dark")
    seen += page.evaluate("axe.run(document, {runOnly: ['color-contrast']})")["violations"]
    return found + [
        (one["id"], one["nodes"][0]["html"][:160]) for one in seen if one["impact"] in ("serious", "critical")
    ]


def english(page: Page, content: str) -> list[str]:
    """Words of ours that stand in English on a Japanese page; what the repository and a back-test hold is said as it is."""
    said = page.evaluate(ENGLISH)
    return [run for text in said for run in RUN.findall(text) if run.lower() not in content]


def names() -> Iterator[str]:
    """Every named URL of our own that can be got."""
    client = Client()
    client.force_login(accounts.owner())
    for pattern in patterns(get_resolver().url_patterns):
        values: dict[str, Any] = {
            name: 1 if isinstance(one, IntConverter) else "oven"
            for name, one in pattern.pattern.converters.items()
        }
        if pattern.name and client.get(reverse(pattern.name, kwargs=values)).status_code != 405:
            yield pattern.name


def patterns(found: list[Any]) -> Iterator[URLPattern]:
    for one in found:
        if isinstance(one, URLPattern):
            yield one
        elif not str(one.pattern).startswith(("admin/", "api/", "i18n/")):
            yield from patterns(one.url_patterns)


@pytest.mark.parametrize(("width", "language"), [(390, "ja"), (1440, "en")])
def test_every_page_is_accessible_fits_the_screen_and_speaks_one_language(
    page: Page, live_server: Any, known: Repository, width: int, language: str
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.context.add_cookies(
        [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}]
    )
    content = (
        NAMES
        + "\n".join(
            [*FILES.values(), *(f"{one.title} {one.rationale}" for one in known.patches.all())]
        ).lower()
    )
    wrong = {}
    for path in pages(known):
        if path == reverse("sign-in"):
            page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
        page.goto(path)
        if path.startswith(LOADING):
            page.wait_for_load_state("networkidle")
        if bad := faults(page, width) + (english(page, content) if language == "ja" else []):
            wrong[path] = bad
    assert not wrong


@pytest.mark.parametrize("width", [390, 1440])
def test_deciding_together_is_accessible(page: Page, known: Repository, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/inbox/")
    page.get_by_role("link", name="Decide all 3 together").click()
    page.locator(".change summary").first.click()
    expect(page.locator(".change-here").first).to_contain_text("二倍")
    assert not faults(page, width), page.url
    page.get_by_role("button", name="Archive…").click()
    assert not faults(page, width), page.url
    page.evaluate(
        "document.addEventListener('submit', (event) => event.preventDefault())"
    )  # the answer takes its time
    last = page.get_by_role("button", name="Archive 3 patches")
    last.click()
    expect(last).to_be_disabled()  # it is not sent twice
    expect(page.get_by_role("progressbar", name="at work")).to_be_visible()
    page.evaluate("document.querySelector('main form').submit()")
    expect(page.locator("h1")).to_have_text("3 archived")


def test_every_named_page_is_among_them(known: Repository) -> None:
    seen = {resolve(path.partition("?")[0]).url_name for path in pages(known)}
    assert set(names()) == seen | NO_PAGES | PARTS
