"""People from GitHub: who is known here, by GitHub's own number, and what they may do. Nobody else may anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from cells import audit
from cells.hosts.github import people as there
from cells.hosts.github.places import git_origin
from cells.models import GitHubConnection, GitHubPerson
from cells.permissions import OPERATOR, RIGHTS, require
from cells.refusals import Forbidden, Refused
from cells.sentences import sentence

CAME_BY = "came_by_github"  # in sessions that GitHub opened
NOREPLY = "@users.noreply."
OWN = sentence("You cannot change what you yourself may do; another operator has to.")


def right_of(connection: GitHubConnection, number: int) -> str:
    """The right of that number at the connection's GitHub; "" for somebody unknown, or whose account is closed."""
    row = _row(connection, number)
    return row.right if row and (row.user is None or row.user.is_active) else ""


def user_of(connection: GitHubConnection, number: int) -> User | None:
    """The account here of that number at the connection's GitHub, once they have one."""
    row = _row(connection, number)
    return row.user if row else None


def wrote(user: User, addresses: Iterable[str]) -> bool:
    """Whether one of these mail addresses is one that a GitHub gives to a login of theirs, so that no mail is told.

    The account that signing in made is known by its number beyond the row.
    """
    given = [one.lower() for one in addresses if NOREPLY in one.lower()]
    if not given:
        return False
    logins = [(row.base_url, str(row.number), row.login.lower()) for row in user.github_people.all()]
    made = SocialAccount.objects.filter(user=user).values_list("provider", "uid")
    logins += [(base_url, number, "") for base_url, number in made]
    return any(_is_given(address, *login) for address in given for login in logins)


def _is_given(address: str, base_url: str, number: str, login: str) -> bool:
    """NUMBER+LOGIN, whatever the login was then; LOGIN alone for accounts of before 2017."""
    name, _, host = address.partition(NOREPLY)
    return host == urlsplit(git_origin(base_url)).hostname and (
        name.startswith(f"{number}+") or (bool(login) and name == login)
    )


def came_by(row: GitHubPerson) -> dict[str, Any]:
    """What a session remembers of the login that opened it."""
    return {"pk": row.pk, "base_url": row.base_url, "number": row.number}


def still_leads(came: dict[str, Any], user: User) -> bool:
    """Whether the login that opened a session is in the list, and this user's."""
    return GitHubPerson.objects.filter(**came, user=user).exists()


def operator(connection: GitHubConnection, number: int) -> GitHubPerson | None:
    """Who asks by a comment, when they may; the row is theirs until the transaction ends."""
    rows = GitHubPerson.objects.select_for_update(of=("self",)).select_related("user")
    row = rows.filter(base_url=connection.base_url, number=number, right=OPERATOR).first()
    return row if row and (row.user is None or row.user.is_active) else None


def _row(connection: GitHubConnection, number: int) -> GitHubPerson | None:
    rows = GitHubPerson.objects.select_related("user")
    return rows.filter(base_url=connection.base_url, number=number).first()


def add(*, login: str, right: str, by: User | str, base_url: str, account: str = "") -> GitHubPerson:
    """Let in who GitHub knows by this login now; `account`: an account here that is theirs already. Raises Refused."""
    _may(by, right)
    user = _theirs(account, by) if account else None
    known = there.who(_asked(base_url), login)
    made = account_made(base_url, known.number)
    row = GitHubPerson(
        base_url=base_url, login=known.login, number=known.number, right=right, user=user or made,
        added_by=by if isinstance(by, User) else None,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
            follow(row)
            audit.record(actor=by, verb="add_person", subject=row, after=_told(row))
    except IntegrityError:
        raise Refused(sentence("%(login)s is in the list already.", login=known.login)) from None
    return row


def change(*, person: GitHubPerson, right: str, by: User | str) -> None:
    """Another right, from now on. Raises Refused."""
    _may(by, right)
    with transaction.atomic():
        row = _held(person, by)
        before, row.right = _told(row), right
        if before == _told(row):
            return
        row.save(update_fields=["right"])
        follow(row)
        audit.record(actor=by, verb="change_person", subject=row, before=before, after=_told(row))


def remove(*, person: GitHubPerson, by: User | str) -> None:
    """They are a stranger from now on; the account that signing in made stays, without rights. Raises Refused."""
    _may(by)
    with transaction.atomic():
        row = _held(person, by)
        if is_made(row):
            _hold(row.user, "")
        audit.record(actor=by, verb="remove_person", subject=row, before=_told(row))
        row.delete()


def forget(user: User, by: User | str) -> None:
    """Their logins go with the account that is deleted: nobody comes back by them with rights."""
    for row in user.github_people.all():
        audit.record(actor=by, verb="remove_person", subject=row, before=_told(row))
        row.delete()


def follow(row: GitHubPerson) -> None:
    """The account that signing in made holds the row's right and no other; any other account keeps its own."""
    if is_made(row):
        _hold(row.user, row.right)


def is_made(row: GitHubPerson) -> bool:
    """Whether their account came into being by signing in with GitHub."""
    return row.user is not None and row.user == account_made(row.base_url, row.number)


def account_made(base_url: str, number: int) -> User | None:
    """The account that this number's first signing in made; it is remembered beyond the row, so nobody starts anew."""
    known = SocialAccount.objects.select_related("user").filter(provider=base_url[:200], uid=str(number))
    return known[0].user if known else None


def places() -> list[str]:
    """The GitHubs that can be asked who somebody is."""
    return sorted(set(GitHubConnection.objects.order_by().values_list("base_url", flat=True)))


def _asked(base_url: str) -> GitHubConnection:
    """A connection to ask by; one that GitHub wants to be left alone by only when there is no other."""
    rows = GitHubConnection.objects.filter(base_url=base_url)
    rests = Q(rest_until__gt=timezone.now())
    found = rows.exclude(rests).first() or rows.first()
    if found is None:
        raise Refused(
            sentence("Connect a repository to GitHub first: GitHub is asked in its name who somebody is.")
        )
    return found


def _theirs(account: str, by: User | str) -> User:
    """Whoever may put a login of their choice before somebody's account can be them, so few may."""
    user = User.objects.filter(username=account, is_active=True).first()
    if user is None:
        raise Refused(sentence("There is no account %(account)s.", account=account))
    if isinstance(by, User) and not (by == user or by.is_superuser):
        raise Forbidden(
            sentence("Only an administrator can let a GitHub login into somebody else's account.")
        )
    return user


def _held(person: GitHubPerson, by: User | str) -> GitHubPerson:
    """The row as it is now, until the transaction ends. Nobody lifts or drops themselves."""
    row = GitHubPerson.objects.select_for_update().filter(pk=person.pk).first()
    if row is None:
        raise Refused(sentence("%(login)s is not in the list any more.", login=person.login))
    if isinstance(by, User) and row.user == by:
        raise Forbidden(OWN)
    return row


def _hold(user: User | None, right: str) -> None:
    assert user is not None
    user.groups.remove(*Group.objects.filter(name__in=set(RIGHTS) - {right}))
    user.groups.add(*Group.objects.filter(name=right))


def _may(by: User | str, right: str = RIGHTS[0]) -> None:
    """A string is a command line: whoever has a shell here needs no right."""
    if isinstance(by, User):
        require(by, OPERATOR)
    if right not in RIGHTS:
        raise Refused(
            sentence("There is no right %(right)s; choose viewer, reviewer or operator.", right=right)
        )


def _told(row: GitHubPerson) -> dict[str, Any]:
    told = {"login": row.login, "number": row.number, "right": row.right}
    return told | ({"account": row.user.get_username()} if row.user else {})
