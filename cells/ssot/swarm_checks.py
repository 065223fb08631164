"""Reading values of a swarm.toml one by one: what is usable comes back, what is not is said."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

from cells.sentences import Sentence, sentence
from cells.ssot.swarm_specs import MOST_PEOPLE, Consent

_LONGEST_KEY = 100
_LONGEST_PATH, _LONGEST_SECTION = 1000, 300
# Characters of the texts that a row holds in a column of that width.
_LONGEST = {
    ("cells", "title"): 300, ("cells", "owner"): 150, ("cells", "contract"): 100, ("cells", "cadence"): 100,
    ("lanes", "title"): 200, ("projects", "title"): 200, ("relations", "type"): 60,
}  # fmt: skip


def is_key(value: object) -> bool:
    """Whether a value can name a cell, lane or project: letters of any script, digits, `.`, `_`, `-`."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST_KEY
        and value not in (".", "..")
        and all(letter in "._-" or unicodedata.category(letter)[0] in "LMN" for letter in value)
        and unicodedata.category(value[0])[0] != "M"
    )


def is_path(value: str) -> bool:
    """Whether a path or glob stays inside the repository and can be shown on one line."""
    path = value.split("#", 1)[0]
    parts = path.split("/")
    return bool(parts[0]) and ".." not in parts and "\\" not in path and not has_controls(value)


def has_controls(value: str) -> bool:
    return any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value)


class Checks:
    """Reads typed values from the rows of one file and collects what is wrong as sentences."""

    def __init__(self, path: str) -> None:
        self.path_of_file = path
        self._problems: list[Sentence] = []
        self._unknown: Counter[tuple[str, str]] = Counter()

    def problems(self) -> tuple[Sentence, ...]:
        """Everything said so far; unknown keys once each, with how often they occur."""
        unknown = (
            sentence(
                "%(place)s has the key “%(name)s”, which VPM does not know (seen: %(count)s); it stays in the file.",
                place=place,
                name=name,
                count=count,
            )
            for (place, name), count in self._unknown.items()
        )
        return (*self._problems, *unknown)

    def say(self, problem: Sentence) -> None:
        self._problems.append(problem)

    def known(self, row: dict[str, Any], names: set[str], place: str) -> None:
        """Count the keys of a row that are not in `names`."""
        self._unknown.update((place, name) for name in row if name not in names)

    def table(self, data: dict[str, Any], name: str) -> dict[str, Any]:
        value = data.get(name, {})
        return value if isinstance(value, dict) else self._wrong(name, "table", self.path_of_file, {})

    def rows(self, data: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows of an array of tables with their index."""
        value = data.get(name, [])
        if not isinstance(value, list):
            self._wrong(name, "array of tables", self.path_of_file, None)
            return
        for index, row in enumerate(value):
            if isinstance(row, dict):
                yield index, row
            else:
                self._wrong(f"{name} {index + 1}", "table", self.path_of_file, None)

    def key(self, row: dict[str, Any], table: str, index: int) -> str:
        """The row's key, "" (said) when it is missing or unusable."""
        value = row.get("key")
        if is_key(value):
            return str(value)
        self.say(
            sentence(
                "[[%(table)s]] number %(number)s in %(path)s is left out: its key has to be 1 to 100 letters, "
                "digits, dots, underscores or hyphens.",
                table=table,
                number=index + 1,
                path=self.path_of_file,
            )
        )
        return ""

    def reference(self, row: dict[str, Any], name: str, place: str, required: bool = True) -> str:
        """A key of something else; "" when it is absent or unusable."""
        value = row.get(name)
        if is_key(value):
            return str(value)
        if value is not None or required:
            self._wrong(name, "key", place, None)
        return ""

    def text(self, row: dict[str, Any], name: str, place: str) -> str:
        value = row.get(name, "")
        if not isinstance(value, str):
            return self._wrong(name, "string", place, "")
        return self._cut(self._clean(value, name, place), name, place)

    def texts(self, row: dict[str, Any], name: str, place: str) -> tuple[str, ...]:
        value = row.get(name, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return self._wrong(name, "array of strings", place, ())
        return tuple(self._clean(item, name, place) for item in value)

    def flag(self, row: dict[str, Any], name: str, place: str) -> bool:
        value = row.get(name, False)
        return value if isinstance(value, bool) else self._wrong(name, "boolean", place, False)

    def number(self, row: dict[str, Any], name: str, low: int, default: int, place: str) -> int:
        """A whole number from `low` to MOST_PEOPLE. What is more counts as that, anything else as two: too many people
        are safer than too few."""
        value = row.get(name, default)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if whole and low <= value <= MOST_PEOPLE:
            return int(value)
        instead = MOST_PEOPLE if whole and value > MOST_PEOPLE else 2
        self.say(
            sentence(
                "“%(name)s” of %(place)s in %(path)s counts as %(instead)s: it has to be a whole number from %(low)s to %(high)s.",
                name=name, place=place, path=self.path_of_file, instead=instead, low=low, high=MOST_PEOPLE,
            )
        )  # fmt: skip
        return instead

    def owners(self, row: dict[str, Any], place: str) -> tuple[str, ...]:
        """User names. What is none stays in the list as a name that nobody has: it must not open what somebody closed."""
        value = row.get("owners", [])
        names = value if isinstance(value, list) else [value]
        if all(isinstance(name, str) for name in names):
            return self.texts(row, "owners", place)
        self.say(
            sentence(
                "“owners” of %(place)s in %(path)s holds something that is no user name, and nobody can agree in its place; correct it.",
                place=place, path=self.path_of_file,
            )
        )  # fmt: skip
        return tuple(self._clean(str(name), "owners", place) for name in names)

    def consent(self, row: dict[str, Any], place: str) -> Consent:
        """Who has to agree to what is proposed there."""
        return Consent(
            self.number(row, "approvals", 1, 1, place),
            self.number(row, "goal_approvals", 0, 0, place),
            self.owners(row, place),
        )

    def choice(
        self, row: dict[str, Any], name: str, allowed: tuple[str, ...], default: str, place: str
    ) -> str:
        value = row.get(name, default)
        if value in allowed:
            return str(value)
        self.say(
            sentence(
                "“%(name)s” of %(place)s in %(path)s counts as “%(default)s”: it has to be one of %(allowed)s.",
                name=name,
                place=place,
                path=self.path_of_file,
                default=default,
                allowed=", ".join(allowed),
            )
        )
        return default

    def mapping(self, row: dict[str, Any], name: str, place: str) -> dict[str, str]:
        """A table of texts; entries of other types are left out and said."""
        value = row.get(name, {})
        if not isinstance(value, dict):
            return self._wrong(name, "table of strings", place, {})
        kept = {}
        for key, item in value.items():
            if isinstance(item, str) and not has_controls(key):
                kept[key] = self._clean(item, name, place)
            else:
                self._wrong(f"{name}.{key}", "string", place, None)
        return kept

    def path(self, row: dict[str, Any], name: str, place: str) -> str:
        """A path (with an optional #part) inside the repository; "" when it is absent or leaves it."""
        return self._inside(self.text(row, name, place), name, place)

    def paths(self, row: dict[str, Any], name: str, place: str) -> tuple[str, ...]:
        return tuple(
            kept for item in self.texts(row, name, place) if (kept := self._inside(item, name, place))
        )

    def _inside(self, value: str, name: str, place: str) -> str:
        path, _, section = value.partition("#")
        if len(path) > _LONGEST_PATH or len(section) > _LONGEST_SECTION:
            return self._endless(name, place)
        if not value or is_path(value):
            return value
        self.say(
            sentence(
                "“%(name)s” of %(place)s in %(path)s is left out: a path has to stay inside the repository.",
                name=name,
                place=place,
                path=self.path_of_file,
            )
        )
        return ""

    def _endless(self, name: str, place: str) -> str:
        self.say(
            sentence(
                "“%(name)s” of %(place)s in %(path)s is left out: a path has at most %(most)s characters, and a "
                "section %(section)s.",
                name=name,
                place=place,
                path=self.path_of_file,
                most=_LONGEST_PATH,
                section=_LONGEST_SECTION,
            )
        )
        return ""

    def _cut(self, value: str, name: str, place: str) -> str:
        """The text as far as a row holds it."""
        table = place.replace(".", " ").split(" ")[0]
        most = _LONGEST.get((table, name), len(value))
        if len(value) > most:
            self.say(
                sentence(
                    "“%(name)s” of %(place)s in %(path)s is cut after %(most)s characters.",
                    name=name,
                    place=place,
                    path=self.path_of_file,
                    most=most,
                )
            )
        return value[:most]

    def _clean(self, value: str, name: str, place: str) -> str:
        """The text without control characters, which no page and no database can show."""
        kept = "".join(letter for letter in value if letter in "\n\t" or not has_controls(letter))
        if kept != value:
            self.say(
                sentence(
                    "“%(name)s” of %(place)s in %(path)s is shown without its control characters.",
                    name=name,
                    place=place,
                    path=self.path_of_file,
                )
            )
        return kept

    def _wrong(self, name: str, wanted: str, place: str, instead: Any) -> Any:
        self.say(
            sentence(
                "“%(name)s” of %(place)s in %(path)s is not used: it has to be of type %(type)s.",
                name=name,
                place=place,
                path=self.path_of_file,
                type=wanted,
            )
        )
        return instead
