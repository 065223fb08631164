"""In headless Chromium: from a key to the row that is gone, to the next page; and what each page loads.

All pages come from one gunicorn as `make run` starts it, compressed, without workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

from cells.models import Repository
from cells.patches import inbox
from tests.bench.drawing import ARGUMENTS, server, signed_in
from tests.bench.timing import Ratio
from tests.workers import Environment

APPLICATION = "tests.bench.serving:application"
# In the page itself, so that nothing but the page is timed: press, and wait until the row has left the document. The last
# one, because the other page approves from the top.
GONE = """([selector, key]) => new Promise((done) => {
  const button = [...document.querySelectorAll(selector)].at(-1);
  const row = button.closest("[data-row]");
  new MutationObserver((_, watch) => {
    if (row.isConnected) return;
    watch.disconnect();
    requestAnimationFrame(() => done(performance.now() - began));
  }).observe(document.body, { childList: true, subtree: true });
  if (key) row.querySelector("a").focus();
  const began = performance.now();
  if (key) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  else button.click();
})"""
PRESSED = """(key) => {
  const began = Date.now();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return began;
}"""
COMPLETE = "() => performance.timeOrigin + performance.getEntriesByType('navigation')[0].loadEventEnd"


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of the scripts and the stylesheet of a page: as they travel, and unpacked."""

    page: str
    scripts: int
    scripts_raw: int
    styles: int
    styles_raw: int
    plotly: bool


def clicking(ours: Environment, urls: dict[str, str], turns: int) -> tuple[list[Ratio], list[Weight]]:
    """Of the `pages` of a repository; the static files are collected already. Raises Missing without Chromium."""
    from tests.services import chromium  # takes VPM_DATA_DIR away, which `ours` holds

    path = chromium()
    with server(ours, APPLICATION) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(headless=True, executable_path=path, args=ARGUMENTS)
        known = signed_in(browser, ours, base)
        weights = [weighed(browser, known, name, base + url) for name, url in urls.items()]
        ratios = clicked(
            opened(browser, known), base + urls["inbox"], base + urls["patch"], f"{base}/bare", turns
        )
        browser.close()
    return ratios, weights


def opened(browser: Browser, known: Any) -> BrowserContext:
    return browser.new_context(viewport={"width": 1440, "height": 900}, locale="en", storage_state=known)


def clicked(context: BrowserContext, inbox: str, patch: str, bare: str, turns: int) -> list[Ratio]:
    """By turns, after one that nobody counts."""
    empty, ours, one = context.new_page(), context.new_page(), context.new_page()
    empty.goto(bare, wait_until="networkidle")
    one.goto(patch, wait_until="networkidle")
    nothing, rows, nexts = [], [], []
    for _ in range(turns + 1):
        nothing.append(gone(empty, "[data-row] button"))
        ours.goto(inbox, wait_until="networkidle")
        rows.append(gone(ours, "[data-row] button[data-key=x]", "x"))
        nexts.append(next_one(one))
    base_times = tuple(nothing[1:])
    return [
        Ratio("x to the row that is gone", "an empty htmx post", tuple(rows[1:]), base_times),
        Ratio("a to the next patch, complete", "an empty htmx post", tuple(nexts[1:]), base_times),
    ]


def gone(page: Page, button: str, key: str = "") -> float:
    return float(page.evaluate(GONE, [button, key])) / 1000


def next_one(page: Page) -> float:
    """From "a" on the page of one patch until the next one's is loaded."""
    before = page.url
    began = page.evaluate(PRESSED, "a")
    page.wait_for_url(lambda url: url != before, wait_until="load")
    if "/patches/" not in page.url:
        raise RuntimeError(f"after {before} came {page.url}")
    return float(page.evaluate(COMPLETE) - began) / 1000


def pages(repository: Repository) -> dict[str, str]:
    """Name to address; asked before playwright begins, which keeps the database away."""
    here = f"?repo={repository.key}"
    cell = repository.cells.order_by("pk")[0]
    rows = inbox.waiting(repository).filter(applies=True, handed_to=None, claimed_by=None, proposer=None)
    patch = rows.exclude(decision="").order_by(*inbox.ORDER)[0]
    return {
        "map": f"/{here}", "cell": f"/cells/{cell.key}/{here}", "inbox": f"/inbox/{here}",
        "patch": f"/patches/{patch.pk}/?from=inbox", "patches": f"/patches/{here}", "account": "/account/",
    }  # fmt: skip


def weighed(browser: Browser, known: Any, name: str, url: str) -> Weight:
    """With an empty cache, once everything it asks for has come."""
    context = opened(browser, known)
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(url, wait_until="networkidle")
    size = {"script": [0, 0], "stylesheet": [0, 0]}
    for answer in answers:
        if of := size.get(answer.request.resource_type):
            of[0] += answer.request.sizes()["responseBodySize"]
            of[1] += len(answer.body())
    plotly = any("plotly" in answer.url for answer in answers)
    context.close()
    return Weight(name, *size["script"], *size["stylesheet"], plotly)
