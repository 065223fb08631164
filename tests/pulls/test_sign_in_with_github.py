"""Signing in with GitHub: allauth's whole way against the double, and every way in which it must end outside."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialToken
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from cells import accounts, arriving, people, tasks
from cells.models import AuditEvent, GitHubConnection, GitHubPerson, Lane, Repository, Review
from cells.permissions import OPERATOR, REVIEWER, VIEWER, may
from tests.factories import a_user
from tests.github.double import Double
from tests.pulls.people_help import at_github, connected, set_up, sign_in, to_github

pytestmark = pytest.mark.django_db
CALLBACK = "/sign-in/github/callback"


@pytest.fixture
def rin(github: Double, settings: Any) -> GitHubPerson:
    """Let in as a reviewer, and sitting before the browser."""
    set_up(settings, github)
    connected(github)
    github.world.person("rin")
    github.web.who = "rin"
    return people.add(login="rin", right=REVIEWER, by="command line", base_url=github.url)


def outside(browser: Client, answer: Any, status: int, why: str) -> None:
    assert answer.status_code == status
    assert why in answer.content.decode()
    assert browser.get("/account/").status_code == 302, "somebody was signed in"


def test_who_was_let_in_comes_in_with_that_right_and_no_other(rin: GitHubPerson, github: Double) -> None:
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/sign-in/?next=/patches/")
    assert f"form-action 'self' {github.world.at.web}" in page["Content-Security-Policy"]
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]  # type: ignore[index]
    assert browser.post("/sign-in/github").status_code == 403
    asked = {"csrfmiddlewaretoken": token, "next": "/patches/"}
    pressed = browser.post("/sign-in/github?scope=repo&process=connect&auth_params=a%3Db", asked)
    sent = parse_qs(urlsplit(pressed["Location"]).query)
    assert (sent["scope"], sent["code_challenge_method"], "a" in sent) == (["read:user"], ["S256"], False)
    came = browser.get(at_github(pressed))
    assert (came.status_code, came["Location"]) == (302, "/patches/")
    assert browser.get("/inbox/").status_code == 200
    assert browser.session.get_expiry_age() == settings.SESSION_COOKIE_AGE
    user = User.objects.get(username="rin")
    assert (may(user, REVIEWER), may(user, OPERATOR), user.is_staff, user.email) == (True, False, False, "")
    assert not user.has_usable_password()
    assert not SocialToken.objects.exists()
    assert AuditEvent.objects.get(verb="sign_in").after == {"by": "github", "login": "rin"}
    assert AuditEvent.objects.get(verb="grant").actor == "github"
    sign_in(Client())
    assert User.objects.count() == 1


def test_a_stranger_is_told_whom_github_saw_and_gets_no_account(rin: GitHubPerson, github: Double) -> None:
    github.web.who = "mallory"
    for browser in (Client(), Client()):
        outside(
            browser,
            sign_in(browser),
            403,
            "GitHub knows you as mallory; an operator here has to let you in first.",
        )
    assert not User.objects.exists()
    told = AuditEvent.objects.get(verb=arriving.REFUSED)  # once a day, however often they try
    assert told.after == {"login": "mallory", "number": github.world.person("mallory").id}


def test_a_login_that_changed_hands_is_somebody_else(rin: GitHubPerson, github: Double) -> None:
    sign_in(Client())
    before = github.world.people.pop("rin")
    before.login = "rin-baker"
    github.world.people["rin-baker"] = before
    github.web.who = "rin"  # taken by somebody with another number
    outside(browser := Client(), sign_in(browser), 403, "GitHub knows you as rin;")
    github.web.who = "rin-baker"
    assert sign_in(Client()).status_code == 302
    rin.refresh_from_db()
    assert (rin.login, User.objects.get().username) == ("rin-baker", "rin")


@pytest.mark.parametrize("name", ["rin", "RIN"])
def test_an_account_that_has_the_name_already_is_not_theirs(rin: GitHubPerson, name: str) -> None:
    local = a_user(name, OPERATOR)
    sign_in(browser := Client())
    rin.refresh_from_db()
    assert rin.user is not None
    assert rin.user != local
    assert rin.user.username == "rin-github"
    assert browser.get("/people/").status_code == 403


def test_a_name_that_stands_for_no_person_is_nobodys(rin: GitHubPerson, github: Double) -> None:
    sources = [*Path("cells").rglob("*.py"), *Path("egspace").rglob("*.py")]
    said = re.compile(
        r'(?m)(?:actor|asked_by|door|via)="([a-z_-]+)"|^(?:WORKER|SAYS|GITHUB|DOOR|VIA) = "([a-z_-]+)"'
    )
    names = {one or other for source in sources for one, other in said.findall(source.read_text())}
    assert {"planting", "schedule", "beat", *Review.VIAS} <= arriving.TAKEN
    assert names <= arriving.TAKEN
    github.world.person("owner")
    people.add(login="owner", right=VIEWER, by="command line", base_url=github.url)
    github.web.who = "owner"
    sign_in(Client())
    assert [one.username for one in User.objects.all()] == ["owner-github"]


def test_an_account_is_called_what_the_operator_let_in(rin: GitHubPerson, github: Double) -> None:
    """Not what the person calls themselves since."""
    renamed = github.world.people.pop("rin")
    renamed.login = github.web.who = "ada"
    github.world.people["ada"] = renamed
    sign_in(Client())
    rin.refresh_from_db()
    assert (User.objects.get().username, rin.login) == ("rin", "ada")


def test_whom_a_swarm_names_as_an_owner_nobody_becomes_by_a_login(rin: GitHubPerson) -> None:
    Lane.objects.create(repository=Repository.objects.get(), key="oven", owners=["Rin", "rin-github"])
    sign_in(Client())
    assert User.objects.get().username == f"rin-github-{rin.number}"


def test_an_account_that_an_administrator_named_keeps_its_own_rights(
    rin: GitHubPerson, github: Double
) -> None:
    kim = a_user("kim", OPERATOR)
    people.remove(person=rin, by="command line")
    people.add(login="rin", right=VIEWER, by="command line", base_url=github.url, account="kim")
    sign_in(browser := Client())
    assert browser.get("/people/").status_code == 200
    person = GitHubPerson.objects.get()
    people.change(person=person, right=REVIEWER, by="command line")
    people.remove(person=person, by="command line")
    assert may(User.objects.get(pk=kim.pk), OPERATOR)


def test_a_session_ends_with_the_login_that_opened_it(rin: GitHubPerson) -> None:
    """Of an account with rights of its own too; by another login, or by password, it is another session."""
    kim = a_user("kim", OPERATOR)
    kim.set_password("a long one for kim")
    kim.save()
    people.remove(person=rin, by="command line")
    mine = people.add(login="rin", right=VIEWER, by="command line", base_url=rin.base_url, account="kim")
    sign_in(browser := Client())
    sign_in(part := Client())
    sign_in(again := Client())
    again.post("/sign-in/", {"username": "kim", "password": "a long one for kim"})
    assert [one.get("/people/").status_code for one in (browser, part, again)] == [200, 200, 200]
    people.remove(person=mine, by="command line")
    people.add(login="rin", right=VIEWER, by="command line", base_url=rin.base_url, account="kim")
    outside = browser.get("/people/", follow=True)
    assert outside.redirect_chain[0][0].startswith("/sign-in/")
    assert "You were signed out: the GitHub login you came in by" in outside.content.decode()
    assert browser.get("/people/").status_code == 302
    assert part.get("/people/", headers={"HX-Request": "true"})["HX-Redirect"].startswith("/sign-in/")
    assert part.get("/api/v1/patches").status_code == 401
    assert again.get("/people/").status_code == 200


def test_who_is_deleted_is_a_stranger_again(rin: GitHubPerson) -> None:
    sign_in(Client())
    user, browser = User.objects.get(username="rin"), Client()
    browser.force_login(User.objects.create_superuser("root"))
    browser.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=user.pk).exists()
    told = AuditEvent.objects.get(verb="remove_person")
    assert (told.actor, told.before["login"], told.before["account"]) == ("root", "rin", "rin")
    outside(again := Client(), sign_in(again), 403, "GitHub knows you as rin;")


def test_a_right_that_is_taken_is_gone_from_the_open_session(rin: GitHubPerson, github: Double) -> None:
    sign_in(browser := Client())
    rin.refresh_from_db()
    people.change(person=rin, right=VIEWER, by="command line")
    assert browser.get("/inbox/").status_code == 200
    assert not may(User.objects.get(), REVIEWER)
    people.remove(person=rin, by="command line")
    assert browser.get("/inbox/").status_code == 302
    outside(other := Client(), sign_in(other), 403, "GitHub knows you as rin;")
    people.add(login="rin", right=VIEWER, by="command line", base_url=github.url)
    assert browser.get("/inbox/").status_code == 302
    sign_in(browser)
    assert browser.get("/inbox/").status_code == 200
    assert User.objects.count() == 1, "let in again, they are who they were"


def test_a_closed_account_does_not_come_in(rin: GitHubPerson) -> None:
    sign_in(Client())
    User.objects.update(is_active=False)
    outside(browser := Client(), sign_in(browser), 403, "The account rin is closed.")


def test_a_state_that_is_forged_used_or_somebody_elses_signs_nobody_in(rin: GitHubPerson) -> None:
    """The last is an attacker's way to sign a victim in as the attacker."""
    stray = "was not begun here"
    browser, victim = Client(), Client()
    outside(browser, browser.get(CALLBACK, {"code": "x", "state": "forged"}), 400, stray)
    outside(browser, browser.get(CALLBACK), 400, stray)
    back = to_github(browser)
    outside(victim, victim.get(back), 400, stray)
    assert browser.get(back).status_code == 302
    outside(again := Client(), again.get(back), 400, stray)
    assert browser.get(back).status_code == 400


def test_a_code_without_its_verifier_signs_nobody_in(rin: GitHubPerson) -> None:
    """PKCE: a code that was caught on its way is worth nothing in another session."""
    caught, own = to_github(Client()), to_github(attacker := Client())
    code = parse_qs(urlsplit(caught).query)["code"][0]
    state = parse_qs(urlsplit(own).query)["state"][0]
    outside(attacker, attacker.get(CALLBACK, {"code": code, "state": state}), 502, "did not say who you are")


def test_who_declines_at_github_is_not_signed_in(rin: GitHubPerson, github: Double) -> None:
    github.web.who = None
    outside(browser := Client(), sign_in(browser), 403, "You did not let GitHub say who you are")


@pytest.mark.parametrize("what", ["token", "profile", "refused", "secret"])
def test_an_answer_that_does_not_come_is_a_sentence_and_holds_no_secret(
    rin: GitHubPerson, github: Double, settings: Any, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    back = to_github(browser := Client())
    if what == "token":
        github.web.lost = "/login/oauth/access_token"
    elif what == "profile":
        github.fails_next(path="/user$", lost=True)
    elif what == "refused":
        github.fails_next(503, path="/user$")
    else:
        settings.VPM_GITHUB_CLIENT_SECRET = "mistyped-secret"
    answer = browser.get(back)
    outside(browser, answer, 502, "GitHub did not say who you are.")
    for secret in (github.web.client_secret, "mistyped-secret", "gho_"):
        assert secret not in answer.content.decode() + caplog.text
    github.web.lost, settings.VPM_GITHUB_CLIENT_SECRET = "", github.web.client_secret
    assert sign_in(browser).status_code == 302


def test_the_way_back_leads_nowhere_else(rin: GitHubPerson) -> None:
    came = sign_in(Client(), "https://elsewhere.example/")
    assert came["Location"] == "/"


def test_without_an_oauth_app_there_is_no_button_and_no_way(client: Client) -> None:
    page = client.get("/sign-in/")
    assert "Sign in with GitHub" not in page.content.decode()
    assert "form-action 'self'" in page["Content-Security-Policy"]
    assert "github" not in page["Content-Security-Policy"]
    for answer in (client.post("/sign-in/github"), client.get(CALLBACK, {"code": "x", "state": "y"})):
        outside(client, answer, 404, "is not set up on this server")


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/admin/socialaccount/socialapp/",
        "/static/account/js/onload.js",
    ],
)
def test_nothing_else_of_allauth_can_be_reached(client: Client, path: str) -> None:
    client.force_login(accounts.owner())
    assert client.get(path).status_code == 404


def test_who_begins_and_does_not_come_back_leaves_nothing_for_long(rin: GitHubPerson, settings: Any) -> None:
    settings.CELERY_BROKER_URL = "memory://"
    to_github(Client())
    assert Session.objects.get().expire_date < timezone.now() + timedelta(minutes=11)
    Session.objects.update(expire_date=timezone.now())
    tasks.tidy()
    assert not Session.objects.exists()


def test_who_comes_in_by_password_instead_stays_in(rin: GitHubPerson) -> None:
    kim = a_user("kim", VIEWER)
    kim.set_password("a long one for kim")
    kim.save()
    to_github(browser := Client())
    browser.post("/sign-in/", {"username": "kim", "password": "a long one for kim"})
    assert browser.session.get_expiry_age() == settings.SESSION_COOKIE_AGE


def test_right_and_account_are_known_by_number(rin: GitHubPerson) -> None:
    connection = GitHubConnection.objects.get()
    assert people.user_of(connection, rin.number) is None
    sign_in(Client())
    assert people.user_of(connection, rin.number) == User.objects.get()
