"""A discovered swarm comes with a ready patch that declares it: adopting it is a person's first approval."""

from __future__ import annotations

import pygit2
from django.utils import timezone
from django.utils.translation import gettext_noop

from cells.models import Patch
from cells.patches import life
from cells.patches.moves import shift
from cells.patches.proposing import Proposed, propose
from cells.sentences import sentence
from cells.ssot.swarm import Swarm, write_swarm
from cells.sync.reading import Reading

FILE = "swarm.toml"
TITLE = gettext_noop("Declare the discovered swarm in swarm.toml")
AUTHOR = "VPM discovery"
RENEWED = sentence("The repository describes its cells differently now; a newer proposal waits instead.")


def offer(reading: Reading, swarm: Swarm) -> None:
    """Propose swarm.toml for a discovered swarm, once per content; a rejected offer is not repeated."""
    if not swarm.cells:
        return
    text = write_swarm(swarm).encode()
    blob = pygit2.hash(text)
    offers = Patch.objects.filter(repository=reading.repository, branch="", author_name=AUTHOR)
    if any(file["new"] == str(blob) for offer in offers for file in offer.files):
        return
    for old in offers.filter(state=life.PROPOSED):
        shift(old, "supersede", actor="sync", note=RENEWED)
    if not offers.filter(state=life.REJECTED).exists():
        declare(reading, text, swarm.path)


def declare(reading: Reading, text: bytes, where: str) -> None:
    what = Proposed(
        files={FILE: text}, title=TITLE, kind="swarm", author=AUTHOR, at=timezone.now(),
        rationale=f"The cells were found in `{where}`. Declared in `{FILE}`, they can be changed like any document.",
    )  # fmt: skip
    propose(reading.repository, reading.head, what, actor="sync")
    reading.count("patches")
