"""A signed-in page in a real Chromium, on a small repository; what the browser complains about fails the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from cells import accounts
from cells.models import Repository
from tests.factories import a_repository

ARGUMENTS = [
    "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic",
]  # fmt: skip
expect.set_options(timeout=20_000)  # a busy machine is slow now and then


@pytest.fixture(scope="package", autouse=True)
def synchronous() -> Iterator[None]:
    """Playwright's own loop makes Django think that a test is asynchronous; nothing here is."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="package")
def browser(chromium_path: str, synchronous: None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(headless=True, executable_path=chromium_path, args=ARGUMENTS)
        yield started
        started.close()


def is_a_fault(message: ConsoleMessage) -> bool:
    """An error that is not the browser's note about one of our refusals."""
    return message.type == "error" and "409 (Conflict)" not in message.text


@pytest.fixture
def bakery(transactional_db: None, tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


@pytest.fixture
def page(browser: Browser, live_server: Any, bakery: Repository) -> Iterator[Page]:
    """Signed in as the owner; what the browser complains about fails the test."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 1440, "height": 900}, locale="en"
    )
    sign_in(context, live_server.url)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if is_a_fault(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    answered()
    assert not complaints


def sign_in(context: BrowserContext, url: str) -> None:
    """By the link, as a person does, without drawing the map that it leads to."""
    answer = context.request.get(accounts.sign_in_link(url), max_redirects=0)
    assert answer.status == 302, answer.text()


def answered() -> None:
    """Wait for requests that a page left behind: the tables they read are emptied next."""
    until = time.monotonic() + 10
    while any("process_request_thread" in thread.name for thread in threading.enumerate()):
        if time.monotonic() > until:
            return
        time.sleep(0.02)
