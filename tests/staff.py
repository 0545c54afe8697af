"""Somebody of the staff, signed in as the admin asks for it. Every test of the admin starts here."""

import time
from importlib import import_module

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client

from prefcenter.models import User

#: What makes the groups and says what each may.
_MIGRATIONS = {
    "0005_groups": ["make"],
    "0006_imports": ["grant"],
    "0009_desk": ["let_marketers_keep_campaigns", "let_compliance_prove", "let_compliance_export_opt_outs"],
    "0014_domain_blocks": ["grant"],
}


def make_groups() -> None:
    """As the migrations do."""
    for migration, steps in _MIGRATIONS.items():
        module = import_module(f"prefcenter.migrations.{migration}")
        for step in steps:
            getattr(module, step)(apps, connection.schema_editor())


def member(*permissions: str, group: str = "", is_superuser: bool = False) -> User:
    """With these permissions (code names) and those of the group."""
    email = f"staff{User.objects.count()}@example.org"
    user = User.objects.create_user(email, is_staff=True, is_superuser=is_superuser)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def signed_in(user: User) -> Client:
    """A browser in which this account has shown its second factor; one is made up if it has none."""
    client = Client(headers={"host": "mail.example.com"})
    sign_in(client, user)
    return client


def given_an_app(user: User) -> str:
    """The secret that an app would keep."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def shown_by_the_app(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def sign_in(client: Client, user: User) -> None:
    client.force_login(user)
    factor, _ = Authenticator.objects.get_or_create(user=user, type=Authenticator.Type.TOTP, defaults={"data": {}})
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "id": factor.pk, "at": time.time()}]
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.pk)
    session.save()
