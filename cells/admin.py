"""The admin pages are for users and groups. What django-allauth would add to them configures nothing here."""

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin

for model in (EmailAddress, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)
