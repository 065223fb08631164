"""Rendering a repository's documents. Their text is hostile: no raw HTML, then sanitised all the same."""

from __future__ import annotations

import json
from html import escape

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

SHOWN = 200_000  # characters of a document that are rendered
TAGS = {
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s",
    "hr", "br", "table", "thead", "tbody", "tr", "th", "td", "a",
}  # fmt: skip
parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


def rendered(path: str, text: str) -> SafeString:
    """Markdown as sanitised HTML, JSON pretty-printed, everything else as plain text."""
    text = text[:SHOWN]
    if path.endswith(".md"):
        return markdown(text)
    if path.endswith((".json", ".jsonld")):
        text = _pretty(text)
    return mark_safe(f"<pre>{escape(text)}</pre>")  # noqa: S308  escaped on the line itself


def markdown(text: str) -> SafeString:
    """Sanitised HTML of Markdown: no images, no scripts, links only to http(s), in a new context."""
    return sanitised(parser.render(text[:SHOWN]))


def sanitised(html: str) -> SafeString:
    """What may stay of HTML that was made from a document."""
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308  nh3 has just sanitised it


def _pretty(text: str) -> str:
    try:
        pretty = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text
    # An escaped half of a character is JSON, but nothing a page can be encoded with.
    return pretty.encode("utf-8", "replace").decode()


def picture_type(data: bytes) -> str:
    """The media type its first bytes say, "" when it is no picture we show."""
    for start, kind in ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif")):
        if data.startswith(start):
            return kind
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""
