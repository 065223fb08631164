"""A list of happenings as an Atom feed. What others wrote is text in it, never markup."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cells.feeding import happenings
from cells.feeding.happenings import Happening
from cells.models import Cell, Lane, Repository
from cells.refusals import say

LONGEST = 2_000
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Feed(Atom1Feed):
    """Says when the newest of it happened; of nothing, when the repository was read."""

    def latest_post_date(self) -> datetime:
        return self.feed["changed"]


def of_cell(cell: Cell) -> Feed:
    where = reverse("cell", args=[cell.key]), reverse("cell-feed", args=[cell.key])
    return _feed(cell.repository, ("cell", cell.key), cell.title or cell.key, where, happenings.of_cell(cell))


def of_lane(lane: Lane) -> Feed:
    where = reverse("lanes"), reverse("lane-feed", args=[lane.key])
    return _feed(lane.repository, ("lane", lane.key), lane.title or lane.key, where, happenings.of_lane(lane))


def safe(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def tag(repository: Repository, *name: str) -> str:
    """A tag: URI that stays, and tells nothing of what it names."""
    host = urlsplit(settings.VPM_URL).hostname
    mark = hashlib.sha256("\0".join((repository.key, *name)).encode(errors="replace")).hexdigest()[:32]
    return f"tag:{host},2026:{mark}"


def _feed(
    repository: Repository,
    name: tuple[str, str],
    title: str,
    where: tuple[str, str],
    found: Iterable[Happening],
) -> Feed:
    """`where`: the page and the feed. The address of the feed is told without the token that opened it."""
    found, query = list(found), "?" + urlencode({"repo": repository.key})
    began = repository.created_at
    feed = Feed(
        title=safe(f"{title} · {repository.key}"), link=settings.VPM_URL + where[0] + query, description="",
        language=get_language(), feed_url=settings.VPM_URL + where[1] + query, author_name="VPM", feed_guid=tag(repository, "feed", *name),
        changed=max((one.at for one in found), default=began),
    )  # fmt: skip
    for one in found:
        said = say(one.what) if not isinstance(one.what, str) else one.what
        if one.view == "evidence":
            observed = f"{one.since:%Y-%m-%d %H:%M %Z}"
            said = f"{said}\n{_('Observed %(at)s.') % {'at': observed}}"
        feed.add_item(
            title=safe(say(one.title)), link=settings.VPM_URL + reverse(one.view, args=one.args) + query,
            # Atom calls a summary HTML here: what somebody wrote is escaped once more, so that it is shown as written.
            description=escape(safe(said)[:LONGEST]), author_name=safe(one.author) or None,
            pubdate=one.since or one.at, updateddate=one.at, unique_id=tag(repository, *one.name),
        )  # fmt: skip
    return feed
