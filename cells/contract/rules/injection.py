"""Text that talks to whoever judges. It has no effect on a verdict but one: a person gets to see it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from cells.contract.rules import Finding
from cells.contract.rules.text import spoken
from cells.contract.seen import Seen, Text
from cells.sentences import sentence

_SUBJECT = r"(?:contract|instructions?|rules?|polic(?:y|ies)|prompts?|guard(?:rail)?s?|safety|reviewers?)"
_SUJET = r"(?:r[eè]gles?|instructions?|contrat|consignes?|politiques?)"
_THING = r"(?:pr|pull\s{1,3}request|patch|proposal|change|request|merge)"
# Looking closely only where a first letter stands is five times as fast; a new order brings its own letter.
_ORDER = re.compile(
    rf"""\b(?=[abcdfilmnopsvwy])(?:
        (?:ignore|disregard|bypass|circumvent|forget|override)\b[^.。]{{0,40}}?\b{_SUBJECT}\b
      | (?:approve|accept|auto-?\s?merge)\s{{1,3}}(?:this|it|me)\b
      | (?:approve|accept|merge|land)\s{{1,3}}(?:this|the)\s{{1,3}}{_THING}\s{{1,3}}
        (?:now|immediately|automatically|without|at\s{{1,3}}once)\b
      | (?:must|should|shall|will|please)\s{{1,3}}(?:be\s{{1,3}})?(?:auto-?\s?)?approved?\b
      | (?:no|skip|without)\s{{1,3}}(?:the\s{{1,3}}|any\s{{1,3}}|human\s{{1,3}}|further\s{{1,3}}){{0,2}}review\b
      | you\s{{1,3}}are\s{{1,3}}(?:now\s{{1,3}})?(?:the|a|an)\s{{1,3}}(?:judge|reviewer|approver|contract|assistant)\b
      | mark\s{{1,3}}(?:this|it)\s{{1,3}}(?:as\s{{1,3}})?(?:safe|approved|low|green)\b
      | (?:verdict|decision)\s{{0,3}}(?:is|must\s{{1,3}}be|should\s{{1,3}}be|:|=)\s{{0,3}}["'`]?(?:auto|approve)
      | system\s{{1,3}}prompt\b
      | (?:ignor|oubli|contourn)(?:e|er|ez|ons)\b[^.。]{{0,40}}?\b{_SUJET}\b
      | (?:approuve|accepte|fusionne|valide)[rz]?\s{{1,3}}(?:cette|ce|cet|la|le)\s{{1,3}}
        (?:demande|proposition|pr|patch|correctif|changement|modification|fusion|requ[eê]te)\b
      | sans\s{{1,3}}(?:aucune\s{{1,3}})?(?:revue|relecture)\b
    ) | (?=[こチプポルレ命契審承指本検確自規])(?:
        (?:契約|指示|命令|ルール|規則|規約|ポリシー|プロンプト|チェック|検査)[をは]?(?:すべて|全て)?[、]?(?:無視|破棄|忘れ)
      | (?:契約|指示|ルール|規則|規約|ポリシー)に(?:は)?従(?:う必要[はが]|わなくて|わずに|うな)
      | (?:この|本)(?:pr|プルリクエスト|プルリク|パッチ|提案|変更|差分)[をは](?:必ず|すぐに?|直ちに|今すぐ|自動で)?(?:承認|マージ|許可)し[てろ]
      | 承認(?:して(?:ください|下さい|頂|いただ)|せよ|しろ|をお願い|す(?:る)?べき)
      | (?:レビュー|確認|審査)(?:は|を)?(?:不要|省略|飛ばし|スキップ|せずに|なしで)
      | 自動(?:で)?(?:マージ|承認)(?:して|せよ|しろ|を許可)
    ) | (?=[请請批通合接忽无無绕繞跳不])(?:
        (?:批准|通过|通過|合并|合併|接受)(?:此|这个|這個|这|這|本|该|該)(?:次)?
        (?:合并请求|合併請求|拉取请求|请求|請求|补丁|補丁|提案|变更|變更|更改|修改|pr)
      | [请請](?:立即|直接|自动|自動)?(?:批准|通过|通過|合并|合併)
      | (?:忽略|无视|绕过|繞過|跳过|跳過)[^。\n]{{0,12}}?(?:规则|規則|契约|契約|合同|指令|指示|提示|审查|審查|审核|審核|政策)
      | (?:无需|無需|无须|不需要|不必)(?:任何)?(?:人工)?(?:审查|審查|审核|審核|review)
    )""",
    re.VERBOSE,
)
_VERDICT = re.compile(r"auto[ _-]merge[ _-]ok")
# `"suggested": "AUTO_MERGE_OK"` is a record of an answer; the same word in a sentence is not.
_FIELD = re.compile(r'^\s*(?:"[^"]{1,60}"\s*:\s*)?"auto_merge_ok",?\s*$')


def injection(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for place, joined, text in spoken(seen):
        plain = _plain(joined)
        for found in _ORDER.finditer(plain):
            yield (
                text.place(found.start(), plain) if text else place,
                sentence(
                    "This text tells the judge what to decide; no rule listens to it, and a person looks."
                ),
            )
        if text:
            yield from _verdicts(text, plain)


def _verdicts(text: Text, plain: str) -> Iterator[Finding]:
    record = text.path.lower().endswith(".json")
    for found in _VERDICT.finditer(plain):
        start = plain.rfind("\n", 0, found.start()) + 1
        end = plain.find("\n", found.end())
        if not (record and _FIELD.match(plain[start : end if end >= 0 else len(plain)])):
            yield (
                text.place(found.start(), plain),
                sentence("This text names the verdict it would like to have; no rule listens to it."),
            )


def _plain(text: str) -> str:
    """Small letters of one width and weight, so that ＡＰＰＲＯＶＥ and **app**rove are read as approve; lines stay lines."""
    text = text.replace("*", "")
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()
