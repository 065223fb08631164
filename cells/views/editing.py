"""Rewriting documents: those of a waiting patch, which makes a new version of it, or one of main, which makes a patch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pygit2
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from cells.models import Patch, Repository
from cells.patches import diff, drafts, life, reverting, versions, writing
from cells.refusals import Refused, say
from cells.sentences import sentence
from cells.ssot.mirror import Mirror
from cells.sync.proposals import kind_of
from cells.views import undoing
from cells.views.changes import UNIFIED, Shown
from cells.views.chosen import Asked, chosen_or_404, viewer
from cells.views.patches import patch_or_404

Previewed = Callable[[], tuple[str, str]]
Saved = Callable[[], Patch]


@dataclass(frozen=True, slots=True)
class Field:
    """One document of the form: `text` as it is now being written, `left` when it is left out of the change."""

    number: int
    document: drafts.Document
    text: str
    left: bool
    rows: int

    @property
    def changed(self) -> bool:
        """Whether a person has to be asked before it is thrown away."""
        return self.left or self.text != plain(self.document.text or "")


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form brought: texts by path, and the documents to leave out."""

    texts: dict[str, str]
    without: tuple[str, ...] = ()

    def files(self, draft: drafts.Draft) -> dict[str, str | bytes | None]:
        """What differs from the draft; a document in conflict is said by the person in any case. Raises Refused."""
        found: dict[str, str | bytes | None] = {}
        for path, text in self.texts.items():
            document = draft.get(path)
            old = document.text or ""
            if path not in self.without and (document.status == "conflicting" or text != plain(old)):
                found[path] = as_written(text, old)
        return found


def typed(form: QueryDict) -> Typed:
    """path-1, text-1, leave-1, path-2, …"""
    texts, without = {}, []
    for number in (name.removeprefix("path-") for name in form if name.startswith("path-")):
        path = form.get(f"path-{number}", "")
        if (text := form.get(f"text-{number}")) is not None:
            texts[path] = plain(text)
        if form.get(f"leave-{number}"):
            without.append(path)
    return Typed(texts, tuple(without))


def plain(text: str) -> str:
    """A form sends every end of a line as CRLF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_written(text: str, old: str) -> str:
    """With the ends of lines that the document has."""
    return text.replace("\n", "\r\n") if 2 * old.count("\r\n") > old.count("\n") else text


def fields_of(draft: drafts.Draft, told: Typed) -> list[Field]:
    found = []
    for number, document in enumerate(draft.documents, start=1):
        text = told.texts.get(document.path, plain(document.text or ""))
        rows = min(max(text.count("\n") + 2, 6), 32)
        found.append(Field(number, document, text, document.path in told.without, rows))
    return found


@require_http_methods(["GET", "POST"])
@viewer
def edit(request: Asked, pk: int) -> HttpResponse:
    """/patches/PK/edit — what it would change, to be rewritten; saved, it waits as a new version."""
    found = patch_or_404(request, pk)
    if request.method == "GET":
        versions.check_edit(found, request.user)
    draft, digest = versions.draft(found, Mirror(found.repository.mirror))
    told = typed(request.POST)
    about = {
        "patch": found,
        "seen": digest,
        "repository": found.repository,
        "refused": _why_not(found, request),
    }

    def preview() -> tuple[str, str]:
        versions.check_seen(request.POST.get("seen", ""), digest)
        return versions.preview(patch=found, by=request.user, files=told.files(draft), without=told.without)

    def save() -> Patch:
        return versions.edit(
            patch=found, by=request.user, digest=request.POST.get("seen", ""), files=told.files(draft),
            without=told.without, reason=request.POST.get("why", "").strip(),
        )  # fmt: skip

    return _form(request, draft, told, about, preview, save)


def _why_not(found: Patch, request: Asked) -> str:
    try:
        versions.check_edit(found, request.user)
    except Refused as refused:
        return say(refused.why)
    return ""


@require_http_methods(["GET", "POST"])
@viewer
def propose(request: Asked) -> HttpResponse:
    """/files/edit?repo=KEY&path=P — a document of main, to be rewritten; saved, it waits as a patch of one's own."""
    repository, path = chosen_or_404(request), request.GET.get("path", "")
    writing.check_write(request.user)
    draft, blob = _document(repository, path)
    told = typed(request.POST)
    text = told.texts.get(path, draft.documents[0].text or "")
    about = {"path": path, "seen": blob, "repository": repository}

    def preview() -> tuple[str, str]:
        writing.check_seen(path, request.POST.get("seen", ""), blob)
        return writing.preview(repository=repository, path=path, text=_bytes(draft, text), by=request.user)

    def save() -> Patch:
        return writing.write(
            repository=repository, path=path, text=_bytes(draft, text), seen=request.POST.get("seen", ""),
            by=request.user, title=request.POST.get("title", ""), kind=kind_of("", [{"path": path}]),
            reason=request.POST.get("why", "").strip(),
        )  # fmt: skip

    return _form(request, draft, told, about, preview, save)


def _document(repository: Repository, path: str) -> tuple[drafts.Draft, str]:
    try:
        return writing.draft(repository, Mirror(repository.mirror), path)
    except (pygit2.GitError, Refused):
        raise Http404("There is no such document on main.") from None


def _bytes(draft: drafts.Draft, text: str) -> str:
    """Untouched it is the very text that stands there, mixed ends of lines and all."""
    old = draft.documents[0].text or ""
    return old if text == plain(old) else as_written(text, old)


def _form(
    request: Asked, draft: drafts.Draft, told: Typed, about: dict[str, Any], preview: Previewed, save: Saved
) -> HttpResponse:
    """The form; with the diff of a preview, or with the sentence of a refusal and everything that was typed."""
    shown: list[Shown] = []
    refusal, status = "", 200
    try:
        if request.method == "POST" and request.POST.get("do") == "save":
            return _saved(request, save())
        if request.method == "POST":
            shown = _diff(about["repository"], *preview())
    except Refused as refused:
        refusal, status = say(refused.why), refused.status
    fields = fields_of(draft, told)
    context = about | {
        "fields": fields, "files": shown, "refusal": refusal, "asked": request.POST, "previewed": bool(shown),
        "unsaved": request.method == "POST", "conflicts": any(one.document.status == "conflicting" for one in fields),
    }  # fmt: skip
    return render(request, "cells/edit.html", context, status=status)


def _diff(repository: Repository, main: str, commit: str) -> list[Shown]:
    files = diff.files(Mirror(repository.mirror), main, commit)
    return [Shown(number, file, UNIFIED) for number, file in enumerate(files, start=1)]


def _saved(request: Asked, new: Patch) -> HttpResponse:
    if new.replaces_id:
        undoing.remember(request, new, "edit")
        said = sentence("Saved as a new version. You edited it, so someone else has to approve it.")
    else:
        said = sentence("Proposed. It is your own, so someone else has to approve it.")
    messages.success(request, say(said))
    return redirect("patch", new.pk)


@require_POST
@viewer
def discard(request: Asked, pk: int) -> HttpResponse:
    """/patches/PK/discard — back to the version before."""
    before = versions.discard(patch=patch_or_404(request, pk), by=request.user)
    messages.success(request, say(sentence("Discarded; the version before waits again.")))
    return redirect("patch", before.pk)


@require_POST
@viewer
def revert(request: Asked, pk: int) -> HttpResponse:
    """/patches/PK/revert — one click; the page of the revert says what it still waits for."""
    reason = request.POST.get("reason", "").strip()
    new = reverting.revert(patch=patch_or_404(request, pk), by=request.user, reason=reason)
    if new.state == life.APPROVED:
        undoing.remember(request, new, "approve")
    messages.success(request, say(reverting.outcome(new, request.user)))
    return redirect("patch", new.pk)
