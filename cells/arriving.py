"""Coming in by GitHub: the account of who was let in. A stranger gets a sentence, and no account."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain, count

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cells import audit, people
from cells.accounts import OWNER
from cells.hosts.github.people import LOGIN
from cells.models import AuditEvent, Cell, GitHubPerson, Lane
from cells.refusals import Forbidden
from cells.sentences import sentence

GITHUB = "github"  # as the trail calls whoever GitHub sent and nobody here knows
REFUSED = "refuse_sign_in"
ONCE_IN = timedelta(days=1)  # anybody has a GitHub login, and the trail is kept for ever
# The trail tells people and workers apart by name alone; and the owner of a fresh installation is known by name.
TAKEN = {
    OWNER, GITHUB, "api", "ask", "beat", "bulk", "command", "contract", "demo", "inbox", "landing", "page", "planting",
    "remind", "schedule", "send_back", "settle", "sync", "unknown",
}  # fmt: skip


def arrive(*, base_url: str, number: int, login: str) -> GitHubPerson:
    """The row of this number with its account, made when they first come. Raises Forbidden for whom nobody let in."""
    with transaction.atomic():
        rows = GitHubPerson.objects.select_for_update().filter(base_url=base_url, number=number)
        if row := rows.first():
            return _let_in(row, login)
    login = login if LOGIN.fullmatch(login) else str(number)
    _keep_refusal(number, login)
    raise Forbidden(
        sentence("GitHub knows you as %(login)s; an operator here has to let you in first.", login=login)
    )


def _let_in(row: GitHubPerson, login: str) -> GitHubPerson:
    row.user = row.user or people.account_made(row.base_url, row.number) or _account(row)
    if not row.user.is_active:
        raise Forbidden(sentence("The account %(account)s is closed.", account=row.user.get_username()))
    if LOGIN.fullmatch(login):
        row.login = login
    row.save(update_fields=["login", "user"])
    people.follow(row)
    audit.record(actor=row.user, verb="sign_in", subject=row.user, after={"by": GITHUB, "login": row.login})
    return row


def _account(row: GitHubPerson) -> User:
    """A new one, without a password. An account that has the name already is somebody else's."""
    user = User(username=_name(row))
    user.set_unusable_password()
    user.save()
    SocialAccount.objects.create(user=user, provider=row.base_url[:200], uid=str(row.number))
    return user


def _name(row: GitHubPerson) -> str:
    """After the login an operator let in, which nobody chose since; never a name that means somebody else."""
    taken, other = TAKEN | _owners(), f"{row.login}-github"
    names = chain((row.login, other), (f"{other}-{number}" for number in count(row.number)))
    return next(
        name
        for name in names
        if name.lower() not in taken and not User.objects.filter(username__iexact=name).exists()
    )


def _owners() -> set[str]:
    """Whom swarms name as owners: of an account of that name the word would be asked for."""
    rows = [model.objects.exclude(owners=[]).values_list("owners", flat=True) for model in (Lane, Cell)]
    return {name.lower() for owners in chain(*rows) for name in owners}


def _keep_refusal(number: int, login: str) -> None:
    """Who wanted to come in, once a day."""
    lately = AuditEvent.objects.filter(verb=REFUSED, at__gt=timezone.now() - ONCE_IN)
    if not lately.filter(after__number=number).exists():
        audit.record(
            actor=GITHUB, verb=REFUSED, subject=GitHubPerson(pk=0), after={"login": login, "number": number}
        )
