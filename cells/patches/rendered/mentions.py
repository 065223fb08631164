"""A text in Markdown in which every place it names leads there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from django.utils.safestring import SafeString
from markdown_it.token import Token

from cells import documents

Href = Callable[[str, str], str]


def linked(text: str, named: Collection[str], href: Href) -> SafeString:
    """Sanitised HTML. `href(name, line)` says where each of `named` leads; the line is "" where none is written."""
    tokens = documents.parser.parse(text[: documents.SHOWN])
    if named:
        longest = sorted(map(re.escape, named), key=len, reverse=True)
        pattern = re.compile(rf"(?<![\w./-])({'|'.join(longest)})(?::(\d{{1,6}}))?(?![\w/-])")
        for token in tokens:
            token.children = (
                list(_linked(token.children, pattern, href)) if token.children else token.children
            )
    return documents.sanitised(documents.parser.renderer.render(tokens, documents.parser.options, {}))


def _linked(children: list[Token], pattern: re.Pattern[str], href: Href) -> Iterator[Token]:
    """Plain text and code outside links, cut where a name begins and ends."""
    inside = 0
    for token in children:
        inside += token.nesting if token.tag == "a" else 0
        if inside or token.type not in ("text", "code_inline"):
            yield token
            continue
        end = 0
        for found in pattern.finditer(token.content):
            yield from _part(token, end, found.start())
            yield Token("link_open", "a", 1, attrs={"href": href(found[1], found[2] or "")})
            yield from _part(token, found.start(), found.end())
            yield Token("link_close", "a", -1)
            end = found.end()
        yield from _part(token, end, len(token.content))


def _part(token: Token, start: int, end: int) -> Iterator[Token]:
    if start < end:
        yield token.copy(content=token.content[start:end])
