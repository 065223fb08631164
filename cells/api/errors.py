"""Every "no" of the API in one shape: {"error": {"code": ..., "sentence": ...}}, in the caller's language.

A decision that came too late also says what changed: {"error": {..., "since": {...}}}.
"""

from __future__ import annotations

from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError

from cells.api.since import Overtaken, SinceOut
from cells.refusals import Refused, say
from cells.sentences import Sentence, sentence

Code = Literal["refused", "forbidden", "not_found", "invalid", "unauthenticated"]
CODES: dict[int, Code] = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "invalid",
    409: "refused",
    413: "invalid",
    422: "invalid",
}


class Problem(Schema):
    """`code` is for programs, `sentence` for people; `since` comes with a decision that something overtook."""

    code: Code
    sentence: str
    since: SinceOut | None = None


class Problems(Schema):
    error: Problem


# What any operation may answer besides its result.
ERRORS = {frozenset({401, 403, 404, 409, 413, 422}): Problems}


class NotFound(Refused):
    """There is no such thing, or none this caller may see."""

    status = 404


class Invalid(Refused):
    """The request itself cannot be read."""

    status = 422


WHO = sentence(
    "Say who you are: send “Authorization: Bearer vpm_…” (the account page makes tokens), or sign in."
)
FORGED = sentence(
    "This browser request carries no CSRF token; send it in the header X-CSRFToken, or use a bearer token."
)
NO_JSON = sentence("The body of the request is not JSON.")
NOWHERE = sentence("There is nothing at this address; /api/v1/openapi.json lists what there is.")
OTHER_METHOD = sentence("This address knows other methods only; the header Allow lists them.")


def problem(status: int, why: Sentence, since: SinceOut | None = None) -> HttpResponse:
    """The one shape of an error; a 401 also says how to come in."""
    told = {"since": since.model_dump(mode="json")} if since else {}
    body = {"error": {"code": CODES[status], "sentence": say(why), **told}}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JsonResponse(body, status=status, headers=headers, json_dumps_params={"ensure_ascii": False})


def handle(api: NinjaAPI) -> None:
    """Give the API its handlers."""
    api.add_exception_handler(Refused, refused)
    api.add_exception_handler(Http404, nowhere)
    api.add_exception_handler(RequestDataTooBig, too_big)
    api.add_exception_handler(HttpError, unreadable)
    api.add_exception_handler(ValidationError, invalid)


def refused(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error.status, error.why, error.since if isinstance(error, Overtaken) else None)


def nowhere(request: HttpRequest, error: Any = None, **kwargs: object) -> HttpResponse:
    return problem(404, NOWHERE)


def too_big(request: HttpRequest, error: Any) -> HttpResponse:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return problem(
        413, sentence("The body of the request is larger than %(most)s bytes; send less at once.", most=most)
    )


def unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    """What the framework refuses before an endpoint is reached."""
    status, why = {401: (401, WHO), 403: (403, FORGED)}.get(error.status_code, (422, NO_JSON))
    return problem(status, why)


def invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """The first thing wrong is enough: people fix one at a time."""
    return problem(422, fault(error.errors[0]))


def fault(found: dict[str, Any]) -> Sentence:
    """One of pydantic's errors as our sentence."""
    name, limits = str(found["loc"][-1]), found.get("ctx", {})
    match found["type"]:
        case "missing":
            return sentence("%(name)s is missing.", name=name)
        case "greater_than_equal":
            return sentence("%(name)s is too small; the least is %(least)s.", name=name, least=limits["ge"])
        case "less_than_equal":
            return sentence("%(name)s is too large; the most is %(most)s.", name=name, most=limits["le"])
        case "int_parsing" | "int_parsing_size" | "int_from_float":
            return sentence("%(name)s has to be a whole number.", name=name)
        case "literal_error":
            return sentence(
                "%(name)s has to be one of these: %(choices)s.", name=name, choices=limits["expected"]
            )
        case "string_too_long":
            return sentence(
                "%(name)s is too long; the most is %(most)s characters.", name=name, most=limits["max_length"]
            )
        case "too_long":
            return sentence(
                "%(name)s holds too many; the most is %(most)s.", name=name, most=limits["max_length"]
            )
        case "too_short":
            return sentence("%(name)s is empty; it has to hold something.", name=name)
        case "timezone_aware" | "datetime_parsing" | "datetime_from_date_parsing" | "datetime_type":
            return sentence(
                "%(name)s has to be a time with its offset, like 2026-03-03T09:00:00+09:00.", name=name
            )
        case "string_pattern_mismatch":
            return sentence("%(name)s holds a character that no text here can have.", name=name)
    return sentence("%(name)s is not of the form it needs; /api/v1/openapi.json says which.", name=name)
