"""The map in headless Chromium against cytoscape.js and sigma.js: until it is complete, and every frame of a drag.

All pages come from one gunicorn as `make run` starts it, compressed. The two libraries are installed for this
alone, into a temporary folder. The machine draws without a graphics card, WebGL included.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from egspace.drawing.layout import MOST
from egspace.drawing.words import number
from tests.bench.timing import Ratio
from tests.workers import ROOT, Environment, killed, manage, shell

PACKAGES = ("cytoscape@3", "sigma@4", "graphology@0.26")
LIBRARIES = (
    "cytoscape/dist/cytoscape.min.js",
    "sigma/dist/sigma.min.js",
    "graphology/dist/graphology.umd.min.js",
)
RIVALS = ("cytoscape.js", "sigma.js")
OURS = ("lanes", "space")
HERE = Path(__file__).parent
ARGUMENTS = [
    "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--enable-unsafe-swiftshader",
]  # fmt: skip
STEPS, ACROSS, DOWN = 60, 240, 120  # of a drag, in pixels
PATIENCE = 300_000  # ms


@dataclass(slots=True)
class Seen:
    """Seconds, one of each a visit. `picture` is the server's own drawing, which only our page begins with; `again` is
    with a warm cache; `frame` is the mean of a drag, `longest` its longest."""

    picture: list[float] = field(default_factory=list)
    complete: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    frame: list[float] = field(default_factory=list)
    longest: list[float] = field(default_factory=list)


def installed(folder: Path) -> Path:
    """The two libraries by npm; raises Missing."""
    from tests.services import Missing

    command = ["npm", "install", "--no-save", "--no-package-lock", "--prefix", folder, *PACKAGES]
    folder.mkdir(parents=True)
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=300, cwd=folder)
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing("cytoscape.js and sigma.js need npm and a network") from error
    return folder / "node_modules"


def drawing(ours: Environment, libraries: Path, swarms: Iterable[tuple[str, int]], turns: int) -> list[Ratio]:
    """`swarms` are (repository, cells) that `ours` holds, with their maps made. Raises Missing without Chromium."""
    from tests.services import chromium  # takes VPM_DATA_DIR away, which `ours` holds

    path, ratios = chromium(), []
    collected(ours, libraries)
    with server(ours) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(headless=True, executable_path=path, args=ARGUMENTS)
        known = signed_in(browser, ours, base)
        for repository, cells in swarms:
            ratios += compared(cells, seen(browser, known, addresses(base, repository, cells), turns))
        browser.close()
    return ratios


def collected(ours: Environment, libraries: Path) -> None:
    """The static files as `make run` serves them, and the libraries' pages beside them."""
    manage(ours, "collectstatic", "--noinput", "-v0")
    target = Path(ours["VPM_DATA_DIR"]) / "static" / "bench"
    shutil.copytree(HERE / "rivals", target)
    for library in LIBRARIES:
        shutil.copy(libraries / library, target)
    subprocess.run([sys.executable, "-m", "whitenoise.compress", "--quiet", target], check=True)


@contextmanager
def server(ours: Environment, application: str = "") -> Iterator[str]:
    """As `make run` starts it, or with another application."""
    from cells.management.commands.up import children
    from tests.services import a_free_port, wait_for_port

    port = a_free_port()
    command = [
        application if application and one.startswith("vpm.wsgi") else one for one in children(port)[0].argv
    ]
    with killed([subprocess.Popen(command, cwd=ROOT, env=ours, start_new_session=True)]):
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"


def signed_in(browser: Browser, ours: Environment, base: str) -> Any:
    """The cookies of someone who may see the map."""
    link = shell(ours, f"from cells.accounts import sign_in_link; print(sign_in_link('{base}'))").split()[-1]
    context = browser.new_context()
    context.new_page().goto(link)
    state = context.storage_state()
    context.close()
    return state


def addresses(base: str, repository: str, cells: int) -> dict[str, str]:
    """Name to page. Of more cells than we draw, the libraries draw first what we draw, then all."""
    pages = {view: f"{base}/?repo={repository}&view={view}" for view in OURS}
    for rival in RIVALS:
        page = f"{base}/static/bench/{rival.removesuffix('.js')}.html?repo={repository}"
        pages[rival] = page
        if cells > MOST:
            pages[f"{rival}, all"] = f"{page}&all=1"
    return pages


def seen(browser: Browser, known: Any, pages: dict[str, str], turns: int) -> dict[str, Seen]:
    """By turns, after one that nobody counts; each visit begins with an empty cache."""
    found: dict[str, Seen] = {}
    for turn in range(turns + 1):
        for name, url in pages.items():
            look(browser, known, url, found.setdefault(name, Seen()))
        if not turn:
            found.clear()
    return found


def look(browser: Browser, known: Any, url: str, into: Seen) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en", storage_state=known)
    context.add_init_script(path=HERE / "rivals" / "watch.js")
    page = context.new_page()
    first = opened(page, url)
    second = opened(page, url)
    into.complete.append(first["map"])
    into.again.append(second["map"])
    if "picture" in first:
        into.picture.append(first["picture"])
    dragged = frames(page)
    into.frame.append(fmean(dragged))
    into.longest.append(max(dragged))
    context.close()


def opened(page: Page, url: str) -> dict[str, float]:
    """When what was painted, from the navigation on."""
    page.goto(url, wait_until="commit")
    try:
        page.wait_for_selector("html[data-painted=map]", state="attached", timeout=PATIENCE)
    except TimeoutError as late:
        raise RuntimeError(f"{url} drew no map") from late
    return {name: at / 1000 for name, at in page.evaluate("window.seen").items()}


def frames(page: Page) -> list[float]:
    """How long each frame took while the map was dragged; the drag is not let go, so that nothing follows it."""
    page.wait_for_load_state("networkidle")
    box = page.locator("#map-plot, #map").bounding_box()
    assert box
    x, y = box["x"] + 0.3 * box["width"], box["y"] + 60
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("window.watchFrames()")
    page.mouse.move(x + ACROSS, y + DOWN, steps=STEPS)
    return [frame / 1000 for frame in page.evaluate("window.frames")]


def compared(cells: int, found: dict[str, Seen]) -> list[Ratio]:
    """Ours against each library: first map, the same with a warm cache, the server's picture before it, and the frames of a drag."""
    ratios, by_what = [], defaultdict(list)
    for ours in OURS:
        one = found[ours]
        for rival in (name for name in found if name not in OURS):
            other = found[rival]
            by_what["first map"].append((ours, rival, one.complete, other.complete))
            by_what["map again"].append((ours, rival, one.again, other.again))
            by_what["first picture"].append((ours, rival, one.picture, other.complete))
            by_what["frame"].append((ours, rival, one.frame, other.frame))
            by_what["longest frame"].append((ours, rival, one.longest, other.longest))
    for what, rows in by_what.items():
        ratios += [
            Ratio(f"{what}, {ours}, {number(cells)}", rival, tuple(times), tuple(against))
            for ours, rival, times, against in rows
        ]
    return ratios
