"""/hooks/github: where GitHub delivers. Nobody signs in here; the signature says who speaks."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from cells.hosts.github import hooks
from cells.hosts.github.hooks import Letter
from cells.refusals import say
from cells.sentences import sentence

BODY = 5_000_000  # bytes; GitHub itself stops at 25 MB, and what is used of a payload stands in far less
TOO_LONG = sentence("The body is longer than 5 MB.")


@csrf_exempt
@login_not_required
@require_POST
def github(request: HttpRequest) -> HttpResponse:
    """Answers 200 (taken, or taken already), 204 (not an event for us), 400, 403 or 413; never says more."""
    body = _body(request)
    if body is None:
        return HttpResponse(say(TOO_LONG), status=413, content_type="text/plain; charset=utf-8")
    said = request.headers
    letter = Letter(
        signature=said.get("X-Hub-Signature-256", ""), event=said.get("X-GitHub-Event", ""),
        id=said.get("X-GitHub-Delivery", ""), body=body,
    )  # fmt: skip
    answer = hooks.take(letter)
    return HttpResponse(say(answer.words), status=answer.status, content_type="text/plain; charset=utf-8")


def _body(request: HttpRequest) -> bytes | None:
    """None when it is too long, whether it says so itself or not. A form has been read by others: no body for us."""
    said = request.headers.get("Content-Length", "")
    if said.isdecimal() and int(said[:12]) > BODY:
        return None
    try:
        read = request.read(BODY + 1)
    except (UnreadablePostError, RawPostDataException):
        return b""
    return None if len(read) > BODY else read
