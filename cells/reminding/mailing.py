"""Mail to the address of an account, and to no other: what a person types in cannot make us write to strangers."""

from __future__ import annotations

import smtplib
from socket import gaierror

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from cells.refusals import Refused
from cells.reminding.unsent import Unsent
from cells.sentences import sentence


def check(user: User) -> None:
    """Refuse where no mail can go out, or to nobody."""
    if not settings.VPM_MAIL:
        raise Refused(
            sentence(
                "Mail is not configured on this server; an operator can set VPM_MAIL_URL. Use a webhook."
            )
        )
    try:
        validate_email(user.email)
    except ValidationError as error:
        raise Refused(
            sentence("Your account has no mail address that works; an operator can enter one in /admin.")
        ) from error


def post(user: User, subject: str, text: str) -> None:
    """Send it. Raises Unsent."""
    try:
        check(user)
    except Refused as refused:
        raise Unsent(refused.why) from refused
    mail = EmailMessage(subject, text, to=[user.email], headers={"Auto-Submitted": "auto-generated"})
    try:
        mail.send()
    except (gaierror, ConnectionRefusedError, smtplib.SMTPConnectError) as error:
        raise Unsent(sentence("The mail server cannot be reached."), again=True) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise Unsent(sentence("The mail server refuses the address of your account.")) from error
    except smtplib.SMTPResponseException as error:
        why = sentence("The mail server did not take it (it answered %(status)s).", status=error.smtp_code)
        raise Unsent(why, again=400 <= error.smtp_code < 500) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unsent(
            sentence("The mail server stopped answering. It may have arrived all the same.")
        ) from error
