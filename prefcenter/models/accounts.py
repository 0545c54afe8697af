"""Who may sign in. Not a contact: a contact is written to."""

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


def _is_address(text: str) -> None:
    try:
        normalise(text)
    except InvalidAddress:
        raise ValidationError("This is not an email address.", code="invalid") from None


class AddressField(models.EmailField):
    """Takes every address that the engine can write to; Django's own refuses some. In the database it is the same."""

    default_validators = [_is_address]

    def deconstruct(self) -> Any:
        return self.name, "django.db.models.EmailField", *super().deconstruct()[2:]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in; the email address is the name. Not a contact: a contact is written to."""

    email = AddressField(unique=True, error_messages={"unique": "There is already an account with this address."})
    #: Whether they may enter the admin.
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    wants_digest = models.BooleanField(
        "wants the weekly digest", default=False, help_text="A mail each Monday with what people said when they left."
    )
    #: The day of the last weekly digest.
    digest_sent_on = models.DateField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    objects = UserManager()

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What Django puts into a session, to end it when this changes: with another address an account is signed in
        nowhere, because nobody there has read the mail to it."""
        return salted_hmac(
            "prefcenter.session", f"{self.password}\n{self.email}", secret, algorithm="sha256"
        ).hexdigest()


class AccountMessage(OwedEmail):
    """An email about an account: a code that signs in, or that something of the account was changed."""

    #: The beginning of its templates' names.
    template = models.CharField(max_length=60)
    #: Where it goes. Emptied, as `context` is, as soon as it was sent or given up: a code is a secret, and the address
    #: may be anybody's.
    email = models.EmailField(blank=True)
    #: What the templates need beside the sender.
    context = models.JSONField(default=dict)
    #: Whether it is only for the address of an active account.
    needs_account = models.BooleanField(default=False)
    #: The one in the URL.
    asked_language = models.CharField(max_length=10, blank=True)
    #: The one that the browser likes best; the contact's own comes before it and after the URL's.
    browser_language = models.CharField(max_length=10, blank=True)
    #: From then on it is of no use.
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
    """How often a code was tried, and whether it has signed somebody in. The code itself is in the session."""

    #: How many wrong or right ones were typed.
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_index=True)
    #: When it signed somebody in.
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"sign-in code {self.pk}"
