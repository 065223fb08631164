"""What kind of evidence a file is, whether it is a picture, and what to call it."""

from __future__ import annotations

import json
import re
import unicodedata

TITLE_LENGTH = 200
_READ = 65_536
_PICTURE_NAME = re.compile(r"\.(png|jpe?g|gif|webp)$")
_TEMPLATE_NAME = re.compile(r"\.(tmpl|tpl|j2)$|(^|/)templates?/|(^|[/_-])(templates?|tpl)\.[a-z]+$")
_KEEP = re.compile(r"(^|/)\.(git)?keep$|(^|/)\.placeholder$")

# In this order: the first rule that fits decides. Rules see the path without its top folder, in lower case.
_KINDS = tuple(
    (kind, re.compile(rule))
    for kind, rule in (
        ("weekly", r"weekly"),
        ("decision", r"(^|[/_-])decisions?([/_.-]|$)"),
        ("ask", r"(^|/)ask[/_]"),
        ("plan", r"(^|[/_-])plans?([/_.-]|$)|(^|/)think[/_]"),
        ("pull_request", r"(^|[/_-])prs?[-_]?[0-9]+([/_.-]|$)|pull_requests?|(^|[/_-])pr_(trail|groomer)"),
        ("snapshot", r"(^|/)snap[_-]"),
        ("log", r"\.(log|exit|exit_code|code)$"),
        ("metric", r"(^|[/_-])(metrics?|sli|slo|kpis?|quality|load)([/_.-]|$)|query[a-z_]*\.json$"),
        (
            "status",
            r"(^|/)(state_view|after\.ya?ml)|(^|[/_-])(status|ready|health|healthz?|targets|ps)([/_.-]|$)",
        ),
        ("snapshot", r"(^|[/_-])snapshots?([/_.-]|$)"),
        ("run", r"(^|[/_-])runs?([/_.-]|$)|_(scan|result|verify)([_.]|$)|smoke"),
        ("log", r"\.(jsonl|ndjson|txt)$"),
    )
)
# A cell or tool may be called metrics-something; its deployment report is not a metric.
_NAMES = re.compile(r"metrics[-_]echo|slo[-_](runbook|rules)")


def kind_of(path: str, head: bytes) -> str:
    """One of report, run, metric, status, pull_request, decision, weekly, snapshot, picture, ask, plan, log,
    template, placeholder. `head` holds the first bytes (empty for an empty or unread file)."""
    name = path.lower()
    if _KEEP.search(name) and not head.strip():
        return "placeholder"
    if _TEMPLATE_NAME.search(name):
        return "template"
    if is_picture(path, head) or (_PICTURE_NAME.search(name) and not head):
        return "picture"
    inside = _NAMES.sub("", name.partition("/")[2] or name)
    named = next((kind for kind, rule in _KINDS if rule.search(inside)), "report")
    return "status" if named == "report" and _is_service_status(head) else named


def is_picture(path: str, head: bytes) -> bool:
    """True for PNG, JPEG, GIF and WebP by their first bytes, whatever the name says. SVG is text, and hostile."""
    return head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")) or (
        head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    )


def named_as_picture(path: str) -> bool:
    """True when the file name promises a picture."""
    return bool(_PICTURE_NAME.search(path.lower()))


def title_of(path: str, text: str) -> str:
    """First Markdown heading, JSON title, summary or name, else the file name in words; one line, ≤ 200 characters."""
    suffix = path.rpartition(".")[2].lower()
    head = text[:_READ]
    if suffix in {"md", "markdown"} or path.lower().endswith(".md.tmpl"):
        found = _heading(head)
    elif suffix in {"json", "jsonld"}:
        found = _json_title(text)
    else:
        found = ""
    return _plain(found) or _plain(_name_in_words(path)) or "untitled"


def _is_service_status(head: bytes) -> bool:
    return b"kind: Service" in head and b"conditions:" in head


def _heading(text: str) -> str:
    """The first heading of the first level, else the first of any."""
    fenced, first = False, ""
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and (heading := re.match(r" {0,3}(#{1,6})[ \t]+(\S.*)", line)):
            first = first or heading[2].rstrip("# \t")
            if len(heading[1]) == 1:
                return heading[2].rstrip("# \t") or first
    return first


def _json_title(text: str) -> str:
    if len(text) > _READ:
        return ""
    try:
        read = json.loads(text.removeprefix("\ufeff"), parse_int=lambda digits: 0)
    except (ValueError, RecursionError):
        return ""
    found = [read.get(key) for key in ("title", "summary", "name")] if isinstance(read, dict) else []
    return next((value for value in found if isinstance(value, str) and value.strip()), "")


def _name_in_words(path: str) -> str:
    """`p2_boot.md` → "p2 boot"; "run.log", "README.md" and a bare date say nothing without their folder."""
    *folders, name = path.split("/")
    words = _words(name.split(".")[0] or name.lstrip("."))
    bare = re.fullmatch(r"[A-Za-z]+|[0-9TZ-]+", words)
    return f"{_words(folders[-1])}: {words}" if folders and bare else words


def _words(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _plain(text: str) -> str:
    """One line without control, format or surrogate characters."""
    kept = "".join(" " if char.isspace() else char for char in text[: 4 * TITLE_LENGTH])
    kept = "".join(char for char in kept if not unicodedata.category(char).startswith("C"))
    return " ".join(kept.split())[:TITLE_LENGTH].rstrip()
