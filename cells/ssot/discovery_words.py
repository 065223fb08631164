"""Words of a table cell that name a lane, a contract category or an /ask mode."""

from __future__ import annotations

import re
import unicodedata

# The first mention in a text decides, so a report about costs is a report.
_LANE_WORDS = (
    ("north-star", re.compile(r"north[ _-]?star|ノーススター|北極星")),
    ("monitoring", re.compile(r"監視|(?<![a-z])(?:sli|slo|monitor(?:ing)?|watch)(?![a-z])|モニタリング")),
    ("persist-report", re.compile(r"persist[ _-]?report|レポート|(?<![a-z])reports?(?![a-z])")),
    ("cost", re.compile(r"コスト|費用|(?<![a-z])costs?(?![a-z])")),
    ("business-kpi", re.compile(r"(?<![a-z])kpis?(?![a-z])|事業指標")),
    ("sample", re.compile(r"サンプル|(?<![a-z])samples?(?![a-z])")),
)
_MODES = re.compile(
    r"(?<![A-Za-z0-9_])(update_north_star|persist_report|pr_groomer|u_contract|pm_snapshot)(?:_mvp|_suggest|_v1)?(?![A-Za-z0-9_])"
)
# Bold, but not the two stars of a glob: those stand before a space or nothing.
_BOLD = re.compile(r"\*\*([^*\s][^*]*)\*\*")
_TICKED = re.compile(r"`([^`]+)`")
_NOTHING = {"", "-", "—", "–", "none", "n/a", "該当なし", "なし"}


def known_lane(text: str) -> str:
    """The lane whose word comes first in the text, "" when it names none."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    found = [(hit.start(), key) for key, words in _LANE_WORDS if (hit := words.search(folded))]
    return min(found)[1] if found else ""


def lane_of(text: str) -> str:
    """The lane a table cell names: a known one, else a short key made of its text."""
    return known_lane(text) or slug(text) or "sample"


def slug(text: str) -> str:
    """A key made of a text: lower case, one hyphen between words, at most 40 characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[^\w]+", "-", folded).strip("-_")[:40].strip("-_")


def category(text: str) -> str:
    """A contract category as written: the word in backticks, "" for "not applicable"."""
    ticked = _TICKED.search(text)
    bare = ticked[1].strip() if ticked else unbracketed(text)
    return "" if bare.casefold() in _NOTHING else bare


def modes(text: str) -> tuple[str, ...]:
    """The /ask modes a text names."""
    return tuple(dict.fromkeys(_MODES.findall(text)))


def words(text: str) -> str:
    """A table cell as plain words: no code marks, no bold, no line breaks."""
    return " ".join(_BOLD.sub(r"\1", text.replace("`", "").replace("<br>", " ")).split())


def unbracketed(text: str) -> str:
    bare = words(text)
    return bare[1:-1].strip() if bare[:1] in ("(", "（") and bare[-1:] in (")", "）") else bare
