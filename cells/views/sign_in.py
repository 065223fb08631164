"""Signing in: by password, or at GitHub and back.

django-allauth leads to GitHub and understands who comes back: state, PKCE, code, token. Nothing else of it is used: no page, no
sign-up, no mail address, no stored token; who may come in is decided by `cells.arriving`.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal.statekit import STATE_TTL
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthError, AuthProcess, ProviderException
from allauth.socialaccount.providers.github.provider import GitHubProvider
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cells import arriving, people
from cells.hosts.github.places import api_of
from cells.refusals import Refused
from cells.sentences import Sentence, sentence

log = logging.getLogger(__name__)

OFF = sentence(
    "Signing in with GitHub is not set up on this server: VPM_GITHUB_CLIENT_ID and VPM_GITHUB_CLIENT_SECRET are missing."
)
CANCELLED = sentence("You did not let GitHub say who you are, so nobody was signed in.")
STRAY = sentence("This way of signing in was not begun here, or too long ago. Begin again.")
UNSAID = sentence("GitHub did not say who you are. Try again; if it stays so, an operator has to look at the OAuth App.")  # fmt: skip


class NotSignedIn(Refused):
    def __init__(self, why: Sentence, status: int) -> None:
        super().__init__(why)
        self.status = status


@login_not_required
def page(request: HttpRequest) -> HttpResponseBase:
    """Name and password, or the button; from this page alone a form may lead to GitHub."""
    shown = LoginView.as_view(template_name="cells/sign_in.html", extra_context={"github": is_on()})
    if is_on():
        shown = csp_update({"form-action": [settings.VPM_GITHUB_URL]})(shown)
    return shown(request)


@login_not_required
@never_cache
@require_POST
def to_github(request: HttpRequest) -> HttpResponse:
    """What is asked for stands here alone: nothing of the request is passed on."""
    then = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(then, {request.get_host()}, require_https=request.is_secure()):
        then = ""
    provider = _provider(request)
    if not request.user.is_authenticated:
        request.session.set_expiry(STATE_TTL)  # anybody can begin, and few come back
    return provider.redirect(request, process=AuthProcess.LOGIN, next_url=then or None)


@login_not_required
@never_cache
@require_GET
def from_github(request: HttpRequest) -> HttpResponse:
    """Where GitHub sends people back to."""
    _provider(request)
    return _callback(request)


def is_on() -> bool:
    return bool(settings.VPM_GITHUB_CLIENT_ID)


class Site(GitHubOAuth2Adapter):
    """The addresses of the GitHub that is set up, asked for when they are needed."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        web, self.api_url = settings.VPM_GITHUB_URL, api_of(settings.VPM_GITHUB_URL)
        self.access_token_url = f"{web}/login/oauth/access_token"
        self.authorize_url = f"{web}/login/oauth/authorize"
        self.profile_url = f"{self.api_url}/user"

    def complete_login(self, *given: Any, **more: Any) -> Any:
        try:
            return super().complete_login(*given, **more)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ProviderException(type(error).__name__) from None


class Provider(GitHubProvider):
    """Takes number and login of what GitHub tells; name, mail address and the rest are left there."""

    oauth2_adapter_class = Site

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(int(data["id"]))

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"login": str(data["login"])}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}


class Adapter(DefaultSocialAccountAdapter):
    """What allauth asks on its way."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        """The one from the settings; rows that somebody adds in the admin pages mean nothing."""
        return _provider(request)

    def get_requests_session(self) -> Any:
        session = super().get_requests_session()
        session.max_redirects = 0  # they would take the client secret along
        return session

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """GitHub said who it is. What allauth would do next is never reached."""
        came = sociallogin.account
        row = arriving.arrive(
            base_url=api_of(settings.VPM_GITHUB_URL), number=int(came.uid), login=came.extra_data["login"]
        )
        login(request, row.user, backend="django.contrib.auth.backends.ModelBackend")
        request.session[people.CAME_BY] = people.came_by(row)
        then = sociallogin.get_redirect_url(request) or resolve_url(settings.LOGIN_REDIRECT_URL)
        raise ImmediateHttpResponse(redirect(then))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None,
    ) -> None:  # fmt: skip
        if error == AuthError.CANCELLED:
            raise NotSignedIn(CANCELLED, 403)
        if "state" not in (extra_context or {}):
            raise NotSignedIn(STRAY, 400)
        # Of the error only its kind: its words may hold what GitHub answered.
        log.warning("GitHub did not say who came: %s", type(exception).__name__)
        raise NotSignedIn(UNSAID, 502)


_callback = OAuth2CallbackView.adapter_view(Site)


def _provider(request: HttpRequest) -> Provider:
    """Raises NotSignedIn while nothing is set up."""
    if not is_on():
        raise NotSignedIn(OFF, 404)
    app = SocialApp(
        provider=GitHubProvider.id, provider_id=api_of(settings.VPM_GITHUB_URL), name="GitHub",
        client_id=settings.VPM_GITHUB_CLIENT_ID, secret=settings.VPM_GITHUB_CLIENT_SECRET,
        settings={"oauth_pkce_enabled": True, "scope": ["read:user"]},
    )  # fmt: skip
    return Provider(request, app=app)
