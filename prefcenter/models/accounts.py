"""Accounts, the emails about them, and the tries of sign-in codes."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from unsubscribe.addresses import normalise
from unsubscribe.choices import OutboxStatus
from unsubscribe.errors import InvalidAddress
from unsubscribe.models.outbox import OwedEmail


def staff_actor(user_id: int | None) -> str:
    """How the ledger names the staff account that acted (Origin.actor): by its number, because the ledger is never
    erased and holds no address, not even the staff's."""
    return f"staff {user_id}"


def _is_address(text: str) -> None:
    try:
        normalise(text)
    except InvalidAddress:
        raise ValidationError("This is not an email address.", code="invalid") from None


class AddressField(models.EmailField):
    """An email address as `addresses.normalise` takes one; Django's own field refuses some. In migrations and in the
    database it is an EmailField."""

    default_validators = [_is_address]

    def deconstruct(self) -> Any:
        return self.name, "django.db.models.EmailField", *super().deconstruct()[2:]


class UserManager(BaseUserManager["User"]):
    """Makes accounts. The address is stored in lower case; no password is needed, because codes are emailed."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Stores an account; whether it may enter the admin is one of the `fields`."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """An account that signs in, by its email address. A contact has none: docs/words.md."""

    #: In lower case.
    email = AddressField(unique=True, error_messages={"unique": "There is already an account with this address."})
    #: Whether they may enter the admin.
    is_staff = models.BooleanField(default=False)
    #: False: it can't sign in any more.
    is_active = models.BooleanField(default=True)
    #: When it was created.
    date_joined = models.DateTimeField(default=timezone.now)
    wants_digest = models.BooleanField(
        "wants the weekly digest", default=False, help_text="A mail each Monday with what people said when they left."
    )
    #: The day on which the last weekly digest was sent; None before the first.
    digest_sent_on = models.DateField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    objects = UserManager()

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What Django keeps in a session, which ends when this changes: here also by another email address, because a
        code sent to that one has not been read."""
        return salted_hmac(
            "prefcenter.session", f"{self.password}\n{self.email}", secret, algorithm="sha256"
        ).hexdigest()


class AccountMessage(OwedEmail):
    """An email about an account: a code that signs in, or that something of the account was changed.

    How it is queued and sent: accounts.outbox.
    """

    #: The beginning of its templates' names, before `_subject.txt`, `_message.txt` and `_message.html`.
    template = models.CharField(max_length=60)
    #: Where it goes. Emptied, as `context` is, once it was sent, dropped or given up: a code is a secret, and the
    #: address may be anybody's.
    email = models.EmailField(blank=True)
    #: What the templates need beside the sender: texts by name.
    context = models.JSONField(default=dict)
    #: Whether it is dropped where no active account has this address.
    needs_account = models.BooleanField(default=False)
    #: The language in the URL of the page that asked for it; "" for none. It goes before the contact's own.
    asked_language = models.CharField(max_length=10, blank=True)
    #: The language that the browser prefers; the contact's own goes before it.
    browser_language = models.CharField(max_length=10, blank=True)
    #: From then on it isn't sent any more (the code has expired); None: it is useful at any time.
    ends_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "email about an account"
        verbose_name_plural = "emails about accounts"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(status=OutboxStatus.QUEUED), name="account_messages_due")
        ]

    def __str__(self) -> str:
        return f"email {self.pk}"


class SignInCode(models.Model):
    """How often a code was tried, and whether it signed in. The code itself is in the session (accounts.codes)."""

    #: How many codes were typed, right or wrong.
    tries = models.PositiveSmallIntegerField(default=0)
    #: When the code was emailed.
    created_at = models.DateTimeField(db_index=True)
    #: When it signed in; None while it may be tried.
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"sign-in code {self.pk}"
