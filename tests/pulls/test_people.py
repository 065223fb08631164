"""Whom from GitHub operators let in: by number, with one right, never themselves."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from cells import people
from cells.hosts.github import connecting
from cells.hosts.github.connecting import Wish
from cells.models import AuditEvent, GitHubConnection, GitHubPerson
from cells.patches import reviews
from cells.patches.needs import proposed_by
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER, VIEWER
from cells.refusals import Forbidden, Refused, say
from tests import factories
from tests.factories import a_patch, a_repository, a_user, source_of, sync
from tests.github.double import Double
from tests.pulls.people_help import connected, set_up, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(github: Double, settings: Any) -> GitHubConnection:
    set_up(settings, github)
    return connected(github)


@pytest.fixture
def kim() -> User:
    return a_user("kim", OPERATOR)


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def test_a_number_is_let_in_and_nobody_else(github: Double, connection: GitHubConnection, kim: User) -> None:
    rin, stranger = github.world.person("Rin"), github.world.person("stranger")
    row = people.add(login=" @rin ", right=REVIEWER, by=kim, base_url=github.url)
    assert (row.login, row.number) == ("Rin", rin.id)
    assert people.right_of(connection, rin.id) == REVIEWER
    assert people.right_of(connection, stranger.id) == ""
    assert people.user_of(connection, rin.id) is None
    elsewhere = GitHubConnection(base_url="https://api.github.com")
    assert people.right_of(elsewhere, rin.id) == ""
    people.change(person=row, right=VIEWER, by=kim)
    assert people.right_of(connection, rin.id) == VIEWER
    people.remove(person=row, by=kim)
    assert people.right_of(connection, rin.id) == ""
    told = AuditEvent.objects.filter(subject_type="githubperson", actor="kim").values_list("verb", flat=True)
    assert sorted(told) == ["add_person", "change_person", "remove_person"]


@pytest.mark.parametrize(
    ("login", "why"),
    [
        ("nobody-here", "GitHub knows nobody called nobody-here."),
        ("acme", "acme is no person at GitHub; only people can be let in."),
        ("../orgs/acme", "This is no GitHub login"),
    ],
)
def test_only_people_github_knows_can_be_let_in(
    github: Double, connection: GitHubConnection, kim: User, login: str, why: str
) -> None:
    github.world.person("acme", "Organization")
    with pytest.raises(Refused) as refused:
        people.add(login=login, right=REVIEWER, by=kim, base_url=github.url)
    assert say(refused.value.why).startswith(why)
    assert not GitHubPerson.objects.exists()


def test_operators_alone_let_in_and_nobody_changes_themselves(
    github: Double, connection: GitHubConnection, kim: User
) -> None:
    github.world.person("rin"), github.world.person("kim-there")
    mine = people.add(login="kim-there", right=VIEWER, by=kim, base_url=github.url, account="kim")
    for verb in (
        lambda: people.change(person=mine, right=OPERATOR, by=kim),
        lambda: people.remove(person=mine, by=kim),
    ):
        with pytest.raises(Forbidden, match="another operator"):
            verb()
    with pytest.raises(Forbidden, match="operator"):
        people.add(login="rin", right=VIEWER, by=a_user("rob", REVIEWER), base_url=github.url)
    assert GitHubPerson.objects.get().right == VIEWER


def test_nobody_becomes_somebody_else_by_a_login_of_their_own(
    github: Double, connection: GitHubConnection, kim: User
) -> None:
    """Whoever may put a login before an account can sign in as them."""
    github.world.person("kims-other-login")
    a_user("mia", REVIEWER)
    with pytest.raises(Forbidden, match="administrator"):
        people.add(login="kims-other-login", right=VIEWER, by=kim, base_url=github.url, account="mia")
    with pytest.raises(Refused, match="no account"):
        people.add(login="kims-other-login", right=VIEWER, by=kim, base_url=github.url, account="nobody")
    assert not github.calls


def test_the_secret_people_sign_in_by_is_not_for_sending(connection: GitHubConnection) -> None:
    wish = Wish(full_name="acme/bakery", base_url="https://elsewhere.example", env="VPM_GITHUB_CLIENT_SECRET")
    with pytest.raises(Refused, match="not for sending"):
        connecting.connect(repository=connection.repository, wish=wish, by="command line")


def test_a_closed_account_takes_the_right_along(github: Double, connection: GitHubConnection) -> None:
    rin, user = github.world.person("rin"), a_user("rin", VIEWER)
    people.add(login="rin", right=REVIEWER, by="command line", base_url=github.url, account="rin")
    assert people.user_of(connection, rin.id) == user
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert people.right_of(connection, rin.id) == ""


def test_the_page_lets_in_changes_and_removes(
    github: Double, connection: GitHubConnection, kim: User
) -> None:
    github.world.person("rin")
    assert signed_in(a_user("rob", REVIEWER)).get("/people/").status_code == 403
    browser = signed_in(kim)
    asked = {"login": "rin", "right": REVIEWER, "base_url": github.url}
    page = browser.post("/people/", asked, follow=True).content.decode()
    assert 'data-person="rin"' in page
    assert "rin may come in now." in page
    assert "let in by kim just now" in page
    again = browser.post("/people/", asked)
    assert again.status_code == 422
    assert "rin is in the list already." in again.content.decode()
    row = GitHubPerson.objects.get()
    browser.post(f"/people/{row.pk}/change", {"right": VIEWER})
    row.refresh_from_db()
    assert row.right == VIEWER
    assert browser.post(f"/people/{row.pk}/change", {"right": "owner"}).status_code == 409
    assert browser.post(f"/people/{row.pk}/remove").status_code == 302
    assert not GitHubPerson.objects.exists()


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("{number}+rin@users.noreply.{host}", True),
        ("{number}+as-she-was-called@Users.NoReply.{host}", True),
        ("RIN@users.noreply.{host}", True),
        ("1{number}+rin@users.noreply.{host}", False),
        ("{number}@users.noreply.{host}", False),
        ("{number}+rin@users.noreply.elsewhere.example", False),
        ("{number}+rin@users.noreply.{host}.example", False),
    ],
)
def test_nobody_approves_a_commit_by_the_address_github_gives_them(
    github: Double, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, own: bool
) -> None:
    """No pull request tells who it is, and the account has no mail; nor does it help to be out of the list."""
    bakery = a_repository(tmp_path)
    set_up(settings, github)
    wish = Wish(full_name="acme/bakery", base_url=github.url, secret=github.token("octo-owner"))
    connecting.connect(repository=bakery, wish=wish, by="command line")
    rin = github.world.person("rin")
    github.web.who = "rin"
    row = people.add(login="rin", right=REVIEWER, by="command line", base_url=github.url)
    sign_in(Client())
    host = urlsplit(github.world.at.web).hostname
    monkeypatch.setattr(factories, "ADA", ("Rin", address.format(number=rin.id, host=host)))
    source = source_of(bakery)
    source.commit({"reports/oven/a.md": "# A\n"}, "ask/warmer-oven")  # a colleague's, with one of hers below
    monkeypatch.undo()
    source.commit({"reports/oven/b.md": "# B\n"}, "ask/warmer-oven")
    sync(bakery)
    patch, user = a_patch(bakery), User.objects.get(username="rin")
    if own:
        with pytest.raises(Forbidden, match="You proposed this patch"):
            reviews.approve(patch=patch, by=user, digest=patch.digest, verdict=fingerprint(patch.verdict))
        people.remove(person=row, by="command line")
        assert proposed_by(patch, user) == ("+" in address)
    else:
        reviews.approve(patch=patch, by=user, digest=patch.digest, verdict=fingerprint(patch.verdict))


def test_without_a_connection_the_page_says_what_to_do(kim: User) -> None:
    page = signed_in(kim).get("/people/").content.decode()
    assert "Connect a repository to GitHub first" in page
    assert "VPM_GITHUB" not in page


def test_the_command_line_lets_in_lists_and_removes(github: Double, connection: GitHubConnection) -> None:
    rin, out = github.world.person("rin"), io.StringIO()
    call_command("people", "--add", "rin", "--right", "reviewer", stdout=out)
    call_command("people", "--list", stdout=out)
    assert f"reviewer  rin ({rin.id}) never came" in out.getvalue()
    with pytest.raises(CommandError, match="0 people"):
        call_command("people", "--remove", "somebody", stdout=out)
    call_command("people", "--remove", str(rin.id), stdout=out)
    assert people.right_of(connection, rin.id) == ""
