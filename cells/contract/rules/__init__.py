"""The rules, grouped by subject. Each is a function (seen, params) → findings; contract.toml says what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cells.contract.seen import Seen
from cells.sentences import Sentence

# A place ("path", "path:line" or "") and what is the matter there.
Finding = tuple[str, Sentence]
Check = Callable[[Seen, Mapping[str, Any]], Iterator[Finding]]
