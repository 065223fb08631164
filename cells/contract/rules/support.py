"""What a proposal rests on: the evidence it cites, the claims about its subject, and what its text points at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cells.contract.case import Citation
from cells.contract.rules import Finding
from cells.contract.seen import Seen, Text
from cells.sentences import Sentence, sentence


def evidence_flags(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    empty = set()
    for text in seen.texts:
        # A history that is replayed knows no flags; an empty new file can be told without them.
        if text.file.status == "added" and text.path.startswith("reports/") and _blank(text):
            empty.add(text.path)
            yield text.path, sentence("This file is empty, so it proves nothing; add what was observed.")
    cited = {support.path for support in seen.case.support}
    for own in seen.case.own_evidence:
        for code in own.flags if own.path not in cited else ():
            if code != "empty" or own.path not in empty:
                yield own.path, sentence("The evidence it brings is doubtful: %(why)s", why=own.flags[code])
    for support in seen.case.support:
        for code in support.flags:
            yield (
                support.path,
                sentence("The evidence it rests on is doubtful: %(why)s", why=support.flags[code]),
            )


def _blank(text: Text) -> bool:
    """Whether it holds nothing; `.gitkeep` and its like are meant to."""
    return not (text.new or "").strip() and not text.path.rpartition("/")[2].startswith(".")


def untrusted_support(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for support in seen.case.support:
        if support.trust == "external":
            yield (
                support.path,
                sentence("It rests on what GitHub told; nobody wrote that into the repository."),
            )
        elif support.trust != "ssot":
            yield (
                support.path,
                sentence("It rests on this, which no person has accepted yet; decide that first."),
            )


def conflicts(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for conflict in seen.case.conflicts:
        yield "", sentence("Claims about its subject cannot all hold: %(conflict)s", conflict=conflict)


def citations_missing(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for citation in seen.case.citations:
        if citation.exists is False:
            yield citation.place, _missing(citation)


def _missing(citation: Citation) -> Sentence:
    target = citation.target[:200]
    match citation.kind:
        case "run":
            return sentence("It cites the run %(target)s, of which there is no evidence.", target=target)
        case "pull_request":
            return sentence("It cites the pull request %(target)s, which does not exist.", target=target)
        case "commit":
            return sentence("It cites the commit %(target)s, which does not exist.", target=target)
    return sentence("It cites %(target)s, which does not exist.", target=target)


def citations_unknown(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for citation in seen.case.citations:
        if citation.exists is None:
            yield (
                citation.place,
                sentence(
                    "It cites %(target)s, which could not be looked up here.", target=citation.target[:200]
                ),
            )
