"""The words of a text in Japanese or English, without what says nothing about its subject. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import islice

TEXT_READ = 65_536  # characters of a text that are looked at, as when evidence is assigned to cells
LONGEST_WORD = 40

# Dates, times, ids, addresses: where and when, never what about.
_NOISE = re.compile(
    r"https?://\S+"
    r"|\d{4}-\d\d-\d\dt?[\d:.,z+-]*"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b(?=[a-f]*\d)[0-9a-f]{7,}\b"
    r"|\d{5,}[tz\d]*"
    r"|\d+\s*[年月日時分秒]|[月火水木金土日]曜日?"
)
_LATIN = "a-z\u00df-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u04ff"
_KANJI = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f々〆"
_HIRAGANA, _KATAKANA = "\u3041-\u3096", "\u30a1-\u30faー"
# Consumed whole, hyphens and all: to look for the parts alone would start again at every letter.
_NAME = re.compile(f"[{_LATIN}][{_LATIN}0-9]*(?:[-_][{_LATIN}0-9]+)*")
_BETWEEN = re.compile("[-_]")
RUN = re.compile(f"[{_KANJI}{_HIRAGANA}{_KATAKANA}]+")
_JAPANESE_WORD = re.compile(f"[{_KANJI}]{{2,}}|[{_KATAKANA}]{{2,}}")
KANJI = re.compile(f"[{_KANJI}]")
_HIRAGANA_IN = re.compile(f"[{_HIRAGANA}]")
_HEADING = re.compile(r"^#{1,6} .*", re.MULTILINE)
_HEADINGS = 30  # of one text; a generated index has thousands

# Function words, and what every report, log and manifest says.
_ENGLISH = """
a about after all also an and any are as at be because been before being below between both but by can cannot could did do does doing
done down during each etc few for from further had has have having he her here his how i if in into is it its itself just let may me
might more most must my no nor not now of off on once one only or other our out over own per same she should so some such than that the
their them then there these they this those through to too under until up upon us use used uses using very via was we were what when
where which while who why will with within without would yes you your
"""
_MACHINES = """
md json yaml yml txt html http https www com org api app apiversion kind metadata name namespace spec type value values key items item
true false null none nan id ids date time timestamp utc jst generated created updated
report reports summary status note notes section file files line lines path paths details description title version result results
ok pass passed fail failed error info debug warn warning todo tbd see run runs new add added
cat grep sed awk jq bash set default
"""
STOP = frozenset(_ENGLISH.split()) | frozenset(_MACHINES.split())
_JAPANESE = (
    "こと ため もの とき ところ 以下 以上 場合 予定 現在 今回 次回 対応 実施 確認 内容 項目 作成 更新 追加"
)
_STOP_JAPANESE = frozenset(_JAPANESE.split())


def clean(text: str) -> str:
    """The head of a text, in one form for every way to write it, dates and ids taken out."""
    folded = unicodedata.normalize("NFKC", text[:TEXT_READ]).casefold()
    return _NOISE.sub(" ", folded)


def headings(text: str) -> str:
    """The headings of a Markdown text, one a line."""
    found = islice(_HEADING.finditer(text, 0, TEXT_READ), _HEADINGS)
    return "\n".join(heading[0] for heading in found)


def hiragana_in(text: str) -> int:
    return len(_HIRAGANA_IN.findall(text))


def latin(cleaned: str) -> Counter[str]:
    """How often each Latin word stands there; `hello-s5` counts as itself and as its parts."""
    words: Counter[str] = Counter()
    for name, times in Counter(_NAME.findall(cleaned)).items():
        parts = _BETWEEN.split(name)
        for word in parts if len(parts) == 1 else [*parts, name]:
            if 2 <= len(word) <= LONGEST_WORD and word not in STOP and not word.isdecimal():
                words[word] += times
    return words


def words_of(text: str) -> Counter[str]:
    """How often a text says each word that means something: Latin words of three letters on, kanji and katakana of two."""
    cleaned = clean(text)
    words = Counter({word: times for word, times in latin(cleaned).items() if len(word) >= 3})
    japanese = Counter(_JAPANESE_WORD.findall(cleaned))
    words.update(
        {
            word: japanese[word]
            for word in japanese
            if len(word) <= LONGEST_WORD and word not in _STOP_JAPANESE
        }
    )
    return words
