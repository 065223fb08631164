"""Words for templates: stored sentences, states and kinds in the reader's language, ages, short ids."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cells import documents, refusals
from cells.patches import ranks, verdicts

register = template.Library()


@register.filter
def said(stored: Any) -> str:
    """A stored sentence in the reader's language."""
    return refusals.say(stored)


@register.filter
def word(name: str) -> str:
    """A state, kind, stage or verb as a word; without a translation its own name, as English writes it."""
    said = pgettext("word", name) if name else ""
    return said if said != name else re.sub("[_-]", " ", name)


@register.filter
def short(commit: str) -> str:
    return commit[:10]


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago, in one unit: "3 weeks ago"; "just now" below a minute."""
    if moment is None:
        return ""
    now = timezone.now()
    if now - moment < timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(moment, now, depth=1)}


@register.filter
def reasons(verdict: dict[str, Any] | None) -> list[str]:
    """What is special about a verdict, in the reader's language: the first two reasons."""
    return [refusals.say(reason) for reason in ranks.special(verdict)[:2]]


@register.filter
def fingerprint(verdict: dict[str, Any] | None) -> str:
    """Names what a person sees of a verdict; an approval sends it back."""
    return verdicts.fingerprint(verdict)


@register.filter
def markdown(text: str) -> SafeString:
    """Sanitised HTML of a document's Markdown."""
    return documents.markdown(text)


@register.filter
def of(told: dict[Any, Any] | str, key: Any) -> Any:
    """What a table says of one thing; None where it says nothing, or where there is no table."""
    return told.get(key) if isinstance(told, dict) else None


@register.simple_tag
def file_url(repository: Any, path: str, commit: str = "", line: int = 0) -> str:
    """Where a line of a file at a commit is shown."""
    query = urlencode({"repo": repository.key, "path": path} | ({"commit": commit} if commit else {}))
    return f"{reverse('file')}?{query}" + (f"#L{line}" if line else "")


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """The page's query string with some values changed; empty values are dropped."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in ("", None):
            query[name] = str(value)
    return "?" + query.urlencode()
