"""A digest as a mail and as a chat message, in the language that is active."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cells.refusals import say
from cells.reminding.digest import Digest, Line, absolute
from cells.reminding.wording import link, mrkdwn, plain

WHY = 300  # characters of a reason


def subject(digest: Digest) -> str:
    return f"[VPM] {_first(digest)}"


def mail(digest: Digest, zone: str) -> str:
    """The text of a mail. Its last line is the audit head: a copy of it that nobody can change on the server."""
    parts = [_headline(digest, zone)]
    if not digest.same:
        parts += [_mail_line(digest, number, line) for number, line in enumerate(digest.lines, start=1)]
    parts += _rest(digest, lambda said, url: f"{said}\n{url}")
    stop = _("Change, pause or delete this reminder:")
    return "\n\n".join([*parts, f"{stop}\n{absolute('account')}#reminders", _head(digest)]) + "\n"


def chat(digest: Digest, zone: str) -> str:
    """The text of a message to a webhook that understands Slack's."""
    parts = [_headline(digest, zone)]
    if not digest.same:
        parts += [_chat_line(digest, line) for line in digest.lines]
    parts += _rest(digest, lambda said, url: link(url, said))
    return "\n".join([*parts, _head(digest)])


def _first(digest: Digest) -> str:
    """What matters most, alone."""
    if not digest:
        return _("Nothing waits for you.")
    if not digest.size:
        return _landings(digest.unread)
    n = digest.size
    if digest.deciding:
        return ngettext("%(n)s patch needs you.", "%(n)s patches need you.", n) % {"n": n}
    return ngettext("%(n)s patch waits for a reviewer.", "%(n)s patches wait for a reviewer.", n) % {"n": n}


def _headline(digest: Digest, zone: str) -> str:
    said = [_first(digest)]
    if digest.same:
        said.append(_("Nothing is new since %(day)s.") % {"day": _day(digest.since, zone)})
    elif digest.new and digest.since:
        came = ngettext("%(n)s came since %(day)s.", "%(n)s came since %(day)s.", digest.new)
        said.append(came % {"n": digest.new, "day": _day(digest.since, zone)})
    if digest.oldest:
        said.append(_("The oldest is from %(day)s.") % {"day": _day(digest.oldest, zone)})
    return " ".join(said)


def _mail_line(digest: Digest, number: int, line: Line) -> str:
    return f"{number}. {_where(digest, line)}{plain(line.title)}\n   {plain(_why(line), WHY)}{_like(line)}\n   {line.url}"


def _chat_line(digest: Digest, line: Line) -> str:
    return f"• {_where(digest, line)}{link(line.url, line.title)} – {mrkdwn(_why(line), WHY)}{_like(line)}"


def _why(line: Line) -> str:
    return f"{say(line.why)} {say(line.because)}".strip()


def _where(digest: Digest, line: Line) -> str:
    return f"{line.repository}: " if len(digest.places) > 1 else ""


def _like(line: Line) -> str:
    more = line.size - 1
    return " " + ngettext("(and %(n)s like it)", "(and %(n)s like it)", more) % {"n": more} if more else ""


def _rest(digest: Digest, linked: Callable[[str, str], str]) -> list[str]:
    """What no line speaks of: each a sentence and where it leads."""
    found = []
    if digest.more and not digest.same:
        found.append(ngettext("and %(n)s more", "and %(n)s more", digest.more) % {"n": digest.more})
    for place in digest.places:
        where = f"{place.repository}: " if len(digest.places) > 1 else ""
        if place.size:
            found.append(linked(where + _("Open the inbox"), place.url))
        if place.unread:
            found.append(linked(where + _landings(place.unread), place.unread_url))
    kept = sum(place.kept for place in digest.places)
    if kept and not digest.same:
        found.append(_kept(kept))
    return found


def _kept(n: int) -> str:
    text = ngettext(
        "%(n)s more waits, but not for you now: put off, your own, agreed to, or with somebody else.",
        "%(n)s more wait, but not for you now: put off, your own, agreed to, or with somebody else.",
        n,
    )
    return text % {"n": n}


def _landings(unread: int) -> str:
    text = ngettext(
        "%(n)s landing outside or by hand waits for a second reader.",
        "%(n)s landings outside or by hand wait for a second reader.",
        unread,
    )
    return text % {"n": unread}


def _head(digest: Digest) -> str:
    return f"Audit-Head: {digest.head}"


def _day(moment: datetime | None, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d}" if moment else ""
