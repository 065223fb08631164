"""Connecting a repository to GitHub: what is asked, what is kept, what is said, and that no secret gets out."""

from __future__ import annotations

import json
import logging
import os
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from cells.hosts.github import connecting, git, permissions, places, secrets
from cells.hosts.github.connecting import Wish
from cells.models import AuditEvent, Delivery, GitHubConnection, Repository, SyncRun
from cells.patches import life
from cells.permissions import OPERATOR, REVIEWER
from cells.refusals import Forbidden, Refused, say
from cells.repositories import known_as
from cells.sync import runs
from tests.cells.callers import program
from tests.factories import FILES, PROPOSALS, a_patch, a_source, a_user, sync
from tests.github import acts, bodies, refusals
from tests.github.conftest import github as github  # the double, verified where GitHub's description is there
from tests.github.double import Double
from tests.github.double import Repository as Remote

pytestmark = pytest.mark.django_db

NAME = "acme/bakery"
MAY = {
    "contents": "write", "pull_requests": "write", "issues": "write", "checks": "read", "statuses": "read",
    "metadata": "read",
}  # fmt: skip


@pytest.fixture(autouse=True)
def at_home(settings: Any) -> None:
    """The double has no certificate: http on this machine is allowed while developing."""
    settings.DEBUG = True


@pytest.fixture(autouse=True)
def no_issue_without_a_title(monkeypatch: pytest.MonkeyPatch) -> None:
    """As GitHub has it; the double takes any."""
    whole = acts.open_issue

    def open_issue(*args: Any) -> Any:
        if not args[-1]["title"]:
            raise refusals.invalid("Issue", "title", "missing_field")
        return whole(*args)

    monkeypatch.setattr(acts, "open_issue", open_issue)


@pytest.fixture
def remote(github: Double, tmp_path: Path) -> Remote:
    """The bakery, as it lives on GitHub."""
    made = github.repository(NAME, a_source(tmp_path / "bakery-at-github.git", FILES, PROPOSALS).path)
    made.allows("rin", "admin")
    return made


@pytest.fixture
def bakery(remote: Remote) -> Repository:
    """Known here by its address there, and not read yet: it is private."""
    return known_as("bakery", remote.clone_url)


def connected(repository: Repository, github: Double, secret: str, **more: Any) -> GitHubConnection:
    wish = Wish(full_name=NAME, base_url=github.url, secret=secret, **more)
    return connecting.connect(repository=repository, wish=wish, by="command line")


def check(repository: Repository, patience: int = 0) -> tuple[GitHubConnection, list[str]]:
    row, notes = connecting.check(repository=repository, by="command line", patience=patience)
    return row, [say(note) for note in notes]


def missing(row: GitHubConnection) -> set[str]:
    return {f"{need.name}:{need.level}" for need in permissions.missing(row.permissions)}


@pytest.fixture(scope="module")
def key() -> tuple[str, str]:
    """An App's private and public key."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = made.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


# Checking


def test_a_token_with_all_permissions_lacks_nothing(bakery: Repository, github: Double) -> None:
    connected(bakery, github, github.token("rin", **MAY))
    row, notes = check(bakery)
    assert (row.problem, notes, missing(row)) == (None, [], set())
    assert row.permissions == MAY
    assert row.number


@pytest.mark.parametrize(
    ("without", "lacks"),
    [
        ({"contents": "read"}, {"contents:write"}),
        ({"pull_requests": "read", "issues": "read"}, {"pull_requests:write", "issues:write"}),
        ({"issues": "read"}, {"issues:write"}),
        ({"pull_requests": "read"}, {"pull_requests:write"}),
        ({"checks": ""}, {"checks:read"}),
        ({"statuses": ""}, {"statuses:read"}),
        ({"contents": ""}, {"contents:read", "contents:write"}),
    ],
)
def test_a_missing_permission_is_named_with_what_does_not_work_without_it(
    bakery: Repository, github: Double, without: dict[str, str], lacks: set[str]
) -> None:
    granted = {name: level for name, level in (MAY | without).items() if level}
    connected(bakery, github, github.token("rin", **granted))
    row, _ = check(bakery)
    assert (row.problem, missing(row)) == (None, lacks)
    assert all(say(need.without).startswith("Without it") for need in permissions.missing(row.permissions))


def test_checking_leaves_nothing_behind_at_github(bakery: Repository, remote: Remote, github: Double) -> None:
    issue, before = remote.open_issue("Warm"), remote.git.refs()
    connected(bakery, github, github.token("rin", **MAY))
    check(bakery)
    assert remote.git.refs() == before
    assert list(remote.it.issues) == [issue]
    assert not remote.it.comments


def test_an_app_is_told_what_its_installation_lacks(
    bakery: Repository, github: Double, key: tuple[str, str]
) -> None:
    granted = {name: level for name, level in MAY.items() if name != "statuses"}
    app = github.app("vpm", key[1], **granted)
    installed = github.install(app, NAME)
    connected(bakery, github, key[0], kind="app", app_id=str(app), installation_id=str(installed))
    row, _ = check(bakery)
    assert (row.problem, missing(row)) == (None, {"statuses:read"})


def test_an_app_that_is_not_installed_is_told_so(
    bakery: Repository, github: Double, key: tuple[str, str]
) -> None:
    app = github.app("vpm", key[1], **MAY)
    connected(bakery, github, key[0], kind="app", app_id=str(app), installation_id="77")
    row, _ = check(bakery)
    assert "install the App" in say(row.problem)


def test_a_renamed_repository_is_remembered_by_its_new_name(
    bakery: Repository, remote: Remote, github: Double
) -> None:
    connected(bakery, github, github.token("rin", **MAY))
    remote.rename("patisserie")
    row, notes = check(bakery)
    assert notes == ["GitHub calls acme/bakery acme/patisserie now; the new name is remembered."]
    assert GitHubConnection.objects.get().full_name == "acme/patisserie"
    assert row.problem is None


def test_a_private_repository_a_token_was_not_chosen_for_looks_unknown(
    bakery: Repository, github: Double
) -> None:
    connected(bakery, github, github.token("rin", ["acme/other"], **MAY))
    row, _ = check(bakery)
    assert say(row.problem).startswith("GitHub shows no acme/bakery to this token")


def test_a_revoked_token_is_told_and_what_was_known_stays(bakery: Repository, github: Double) -> None:
    token = github.token("rin", **MAY)
    connected(bakery, github, token)
    check(bakery)
    github.revoke(token)
    row, _ = check(bakery)
    assert "does not accept the token" in say(row.problem)
    assert row.permissions == MAY


def test_at_its_limit_github_is_left_alone_until_the_time_it_says(bakery: Repository, github: Double) -> None:
    connected(bakery, github, github.token("rin", **MAY))
    github.rate.limit = 0
    row, _ = check(bakery)
    assert re.search(r"no more requests from us until \d{4}-\d\d-\d\d \d\d:\d\d", say(row.problem))
    assert len(github.calls) == 1


def test_the_secondary_limit_in_the_middle_is_no_missing_permission(
    bakery: Repository, github: Double
) -> None:
    connected(bakery, github, github.token("rin", **MAY))
    github.slows_next(60, path="/pulls", times=9)
    row, _ = check(bakery)
    assert "no more requests from us until" in say(row.problem)
    assert not row.permissions


def test_trouble_that_passes_is_waited_out_and_trouble_that_stays_is_told(
    bakery: Repository, github: Double
) -> None:
    connected(bakery, github, github.token("rin", **MAY))
    github.fails_next(502, times=1)
    assert check(bakery)[0].problem is None
    github.fails_next(503, times=9)
    asked = len(github.calls)
    assert "trouble of its own (it answered 503)" in say(check(bakery)[0].problem)
    assert len(github.calls) - asked == 3


def test_an_address_where_nobody_answers_is_told(bakery: Repository, github: Double) -> None:
    connected(bakery, github, "github_pat_x")
    GitHubConnection.objects.update(base_url="http://127.0.0.1:9/api/v3")
    assert "127.0.0.1 cannot be reached" in say(check(bakery)[0].problem)


def test_an_archived_repository_is_told_and_lacks_writing(
    bakery: Repository, remote: Remote, github: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bodies.full_repo
    monkeypatch.setattr(bodies, "full_repo", lambda *args: whole(*args) | {"archived": True})
    connected(bakery, github, github.token("rin", **MAY))
    row, notes = check(bakery)
    assert notes == ["The repository is archived at GitHub: it can be read and not written."]
    assert missing(row) == {"contents:write", "pull_requests:write", "issues:write"}


# What may be entered


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"full_name": "bakery"}, "owner/name"),
        ({"full_name": "acme/.."}, "owner/name"),
        ({"full_name": "acme/bakery/pulls"}, "owner/name"),
        ({"secret": ""}, "Enter the secret"),
        ({"env": "VPM_GITHUB_TOKEN"}, "Enter the secret, or the name"),
        ({"secret": "", "env": "SECRET_KEY"}, "GITHUB_"),
        ({"secret": "", "env": "DATABASE_URL"}, "GITHUB_"),
        ({"secret": "two words"}, "no token"),
        ({"secret": "a\r\nX-Evil: 1"}, "no token"),
        ({"kind": "password"}, "Choose a token"),
        ({"kind": "app", "app_id": "1", "installation_id": "x"}, "installation ID"),
        ({"kind": "app", "app_id": "1", "installation_id": "2", "secret": "no key"}, "no private key"),
        ({"base_url": "http://github.example/api/v3"}, "base URL"),
        ({"base_url": "https://rin:pw@github.example"}, "base URL"),
        ({"base_url": "https://github.example/api/v3?x=1"}, "base URL"),
        ({"base_url": "ftp://github.example"}, "base URL"),
        ({"base_url": "https://[::1"}, "base URL"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    bakery: Repository, wrong: dict[str, str], says: str
) -> None:
    entered = {"full_name": NAME, "secret": "github_pat_x"} | wrong
    with pytest.raises(Refused, match=re.escape(says)):
        connecting.connect(repository=bakery, wish=Wish(**entered), by="command line")
    assert not GitHubConnection.objects.exists()


def test_http_is_for_developing_alone(settings: Any) -> None:
    assert places.base_url("http://localhost:3000") == "http://localhost:3000/api/v3"
    settings.DEBUG = False
    with pytest.raises(Refused):
        places.base_url("http://localhost:3000")


@pytest.mark.parametrize(
    ("entered", "api", "origin"),
    [
        ("", "https://api.github.com", "https://github.com"),
        ("https://github.com/", "https://api.github.com", "https://github.com"),
        ("https://git.example.org", "https://git.example.org/api/v3", "https://git.example.org"),
        ("https://git.example.org:8443/api/v3/", "https://git.example.org:8443/api/v3", "https://git.example.org:8443"),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com", "https://acme.ghe.com"),
    ],
)  # fmt: skip
def test_a_github_is_found_by_its_host(entered: str, api: str, origin: str) -> None:
    assert places.base_url(entered) == api
    assert places.git_origin(api) == origin


def test_one_repository_at_github_is_connected_once(bakery: Repository, github: Double) -> None:
    connected(bakery, github, "github_pat_x")
    other = known_as("other", "https://github.example/acme/bakery.git")
    with pytest.raises(Refused, match="Another repository"):
        connecting.connect(
            repository=other,
            by="command line",
            wish=Wish(full_name="ACME/Bakery", base_url=github.url, secret="github_pat_y"),
        )


def test_only_an_operator_may(bakery: Repository, reviewer: User) -> None:
    wish = Wish(full_name=NAME, secret="github_pat_x")
    with pytest.raises(Forbidden):
        connecting.connect(repository=bakery, wish=wish, by=reviewer)
    connecting.connect(repository=bakery, wish=wish, by="command line")
    for verb in (connecting.check, connecting.make_hook_secret, connecting.disconnect):
        with pytest.raises(Forbidden):
            verb(repository=bakery, by=reviewer)


# Secrets


def test_a_secret_is_encrypted_at_rest_and_opens_with_the_key_before(
    bakery: Repository, github: Double, settings: Any
) -> None:
    row = connected(bakery, github, "github_pat_x")
    row.refresh_from_db()
    assert "github_pat_x" not in row.secret
    assert secrets.of(row) == "github_pat_x"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert secrets.of(row) == "github_pat_x"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Refused, match="enter it again"):
        secrets.of(row)
    assert "enter it again" in say(check(bakery)[0].problem)


def test_a_secret_from_the_environment_is_read_each_time_and_not_kept(
    bakery: Repository, github: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = Wish(full_name=NAME, base_url=github.url, env="VPM_GITHUB_TOKEN")
    row = connecting.connect(repository=bakery, wish=wish, by="command line")
    assert "VPM_GITHUB_TOKEN is empty here" in say(check(bakery)[0].problem)
    monkeypatch.setenv("VPM_GITHUB_TOKEN", github.token("rin", **MAY))
    assert check(bakery)[0].problem is None
    row.refresh_from_db()
    assert row.secret == ""


def test_another_repository_or_host_forgets_the_hook_secret(bakery: Repository, github: Double) -> None:
    connected(bakery, github, "github_pat_x")
    connecting.make_hook_secret(repository=bakery, by="command line")
    assert connected(bakery, github, "github_pat_y").hook_secret
    wish = Wish(full_name="acme/other", base_url=github.url, secret="github_pat_y")
    assert connecting.connect(repository=bakery, wish=wish, by="command line").hook_secret == ""


def test_disconnecting_forgets_everything(bakery: Repository, github: Double) -> None:
    row = connected(bakery, github, "github_pat_x")
    Delivery.objects.create(connection=row, id_there="12345678", event="push")
    connecting.disconnect(repository=bakery, by="command line")
    assert not GitHubConnection.objects.exists()
    assert not Delivery.objects.exists()
    with pytest.raises(Refused, match="bakery is not connected to GitHub"):
        check(bakery)


def test_no_log_holds_a_secret_even_when_everything_is_logged(
    bakery: Repository, github: Double, key: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="github.Requester")
    token = github.token("rin", **MAY)
    connected(bakery, github, token)
    check(bakery)
    sync(bakery)
    app = github.app("vpm", key[1], **MAY)
    installed = str(github.install(app, NAME))
    connected(bakery, github, key[0], kind="app", app_id=str(app), installation_id=installed)
    check(bakery)
    made = [one for one in github.world.tokens if one != token]
    assert made
    assert "GET http://127.0.0.1/api/v3/repos/acme/bakery" in caplog.text  # it was logged at all
    for secret in (token, *made, key[0].splitlines()[1], "Bearer ey"):
        assert secret not in caplog.text


def test_no_page_api_audit_event_or_command_shows_a_secret(
    bakery: Repository, github: Double, capsys: pytest.CaptureFixture[str]
) -> None:
    rin, browser, token = a_user("op", OPERATOR), Client(), github.token("rin", **MAY)
    browser.force_login(rin)
    entered = {"full_name": NAME, "kind": "token", "base_url": github.url, "secret": token}
    page = f"/repositories/{bakery.key}/github"
    said = [browser.post(page, entered | {"full_name": "wrong"}), browser.post(page, entered)]
    made = browser.post(f"{page}/hook-secret")
    [hook_secret] = re.findall(r'<code class="token">([\w-]{43})</code>', made.content.decode())
    said += [browser.post(f"{page}/check", follow=True), browser.get(page), browser.get("/repositories/")]
    said += [browser.get("/audit/"), browser.get("/audit/export.jsonl"), browser.get("/admin/")]
    told = [
        b"".join(one.streaming_content).decode() if one.streaming else one.content.decode() for one in said
    ]
    told += [json.dumps(program(rin, "operator").get(path)) for path in ("repositories", "audit")]
    out = StringIO()
    call_command("github", "bakery", "--check", stdout=out)
    told += [out.getvalue(), *capsys.readouterr(), repr(Wish(**entered))]
    told += [json.dumps([one.before, one.after, one.reason], default=str) for one in AuditEvent.objects.all()]
    assert "works    Contents: write" in out.getvalue()
    for text in told:
        assert token not in text
        assert hook_secret not in text


# Git


def test_a_private_repository_is_read_and_written_by_the_secret(
    bakery: Repository, remote: Remote, github: Double
) -> None:
    run = runs.execute_now(bakery, "test")
    assert run.state == SyncRun.FAILED
    connected(bakery, github, github.token("rin", **MAY))
    sync(bakery)
    patch = a_patch(bakery, life.LANDED)
    patch.refresh_from_db()
    assert (patch.push_state, remote.tip()) == ("pushed", patch.commit)


def test_an_app_reads_with_a_token_of_its_own(
    bakery: Repository, github: Double, key: tuple[str, str]
) -> None:
    app = github.app("vpm", key[1], **MAY)
    installed = str(github.install(app, NAME))
    connected(bakery, github, key[0], kind="app", app_id=str(app), installation_id=installed)
    assert sync(bakery).head


def test_a_token_that_lost_its_rights_says_so_at_the_sync(bakery: Repository, github: Double) -> None:
    token = github.token("rin", **MAY)
    connected(bakery, github, token)
    github.revoke(token)
    run = runs.execute_now(bakery, "test")
    assert run.state == SyncRun.FAILED
    assert token not in json.dumps(run.error)
    GitHubConnection.objects.update(secret="damaged")
    assert "enter it again" in say(runs.execute_now(bakery, "test").error)


def test_the_secret_is_in_no_argument_url_or_config(
    bakery: Repository, github: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git that writes down how it was called, and then does it."""
    token, whole = github.token("rin", **MAY), os.environ["PATH"]
    notes, fake = tmp_path / "calls", tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\necho "$*" >> {notes}\nenv | grep -c {token} >> {notes}\nPATH={whole} exec git "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{whole}")
    connected(bakery, github, token)
    sync(bakery)
    called = notes.read_text()
    assert "ls-remote" in called
    assert "fetch" in called
    assert token not in called.replace("\n", " ")
    assert re.search(r"^1$", called, re.MULTILINE)  # in the environment it was
    for path in bakery.mirror.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    "source",
    ["https://github.example/acme/bakery.git", "http://127.0.0.1:1/acme/bakery.git", "/srv/bakery.git", "ssh://git@127.0.0.1/x"],
)  # fmt: skip
def test_a_source_elsewhere_gets_no_secret(bakery: Repository, github: Double, source: str) -> None:
    connected(bakery, github, github.token("rin", **MAY))
    bakery.source = source
    assert git.environment(bakery) == {}


def test_git_settings_that_are_there_already_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    assert git.numbered([("a.b", "c")]) == {
        "GIT_CONFIG_COUNT": "3", "GIT_CONFIG_KEY_2": "a.b", "GIT_CONFIG_VALUE_2": "c",
    }  # fmt: skip


# The page and the command


def test_the_page_says_what_works_what_is_missing_and_for_what(bakery: Repository, github: Double) -> None:
    browser = Client()
    browser.force_login(a_user("op", OPERATOR))
    connected(bakery, github, github.token("rin", **MAY | {"contents": "read"}))
    browser.post("/repositories/bakery/github/check")
    page = browser.get("/repositories/bakery/github").content.decode()
    assert 'data-missing="contents"' in page
    assert "Without it no approved patch can be written to GitHub." in page
    assert 'data-given="checks"' in page
    assert "/hooks/github</code>" in page
    assert "acme/bakery" in browser.get("/repositories/").content.decode()


def test_a_form_that_was_wrong_keeps_what_was_entered_but_the_secret(bakery: Repository) -> None:
    browser = Client()
    browser.force_login(a_user("op", OPERATOR))
    entered = {"full_name": "nobody", "kind": "app", "app_id": "42", "secret": "-----BEGIN OF IT"}
    said = browser.post("/repositories/bakery/github", entered)
    assert said.status_code == 422
    page = said.content.decode()
    assert 'value="nobody"' in page
    assert 'value="42"' in page
    assert "BEGIN OF IT" not in page


@pytest.mark.parametrize("path", ["", "/check", "/hook-secret", "/disconnect"])
def test_a_reviewer_finds_the_page_closed(bakery: Repository, path: str) -> None:
    browser = Client()
    browser.force_login(a_user("rin", REVIEWER))
    assert browser.post(f"/repositories/bakery/github{path}").status_code == 403
    assert browser.get("/repositories/bakery/github").status_code == 403


def test_acts_on_what_is_not_connected_or_unknown_are_refused(bakery: Repository) -> None:
    browser = Client()
    browser.force_login(a_user("op", OPERATOR))
    assert browser.get("/repositories/bakery/github").status_code == 200
    assert browser.post("/repositories/bakery/github/check").status_code == 409
    assert browser.post("/repositories/bakery/github/explode").status_code == 404
    assert browser.get("/repositories/nothing/github").status_code == 404


def test_the_command_connects_checks_and_disconnects(
    bakery: Repository, github: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", github.token("rin", **MAY | {"checks": "write", "issues": "read"}))
    out = StringIO()
    with pytest.raises(CommandError, match="not connected"):
        call_command("github", "bakery", "--check")
    call_command(
        "github", "bakery", "--connect", NAME, "--token-env", "GITHUB_TOKEN", "--base-url", github.url, stdout=out
    )  # fmt: skip
    call_command("github", "bakery", "--check", stdout=out)
    call_command("github", "bakery", "--disconnect", stdout=out)
    assert "works    Pull requests: write" in out.getvalue()
    assert not GitHubConnection.objects.exists()
    with pytest.raises(CommandError, match="No repository is known as nothing"):
        call_command("github", "nothing", "--check")
    with pytest.raises(CommandError, match="begin with GITHUB_"):
        call_command("github", "bakery", "--connect", NAME, "--token-env", "SECRET_KEY")


def test_every_change_is_in_the_audit_trail(bakery: Repository, github: Double) -> None:
    op = a_user("op", OPERATOR)
    wish = Wish(full_name=NAME, base_url=github.url, secret=github.token("rin", **MAY))
    connecting.connect(repository=bakery, wish=wish, by=op)
    connecting.check(repository=bakery, by=op)
    connecting.make_hook_secret(repository=bakery, by=op)
    connecting.disconnect(repository=bakery, by=op)
    events = AuditEvent.objects.filter(actor="op").order_by("pk")
    assert [one.verb for one in events] == [
        "connect_github", "check_github", "make_hook_secret", "disconnect_github",
    ]  # fmt: skip
    assert events[0].after["full_name"] == NAME
