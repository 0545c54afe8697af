"""The keys of the API, and the stored answers to writes that may come again."""

from django.db import models

from unsubscribe.models.lookups import DigestField

from .accounts import User


class ApiKey(models.Model):
    """A key of the API. Only a hash of it is kept; made, found, counted and revoked by accounts.api_keys."""

    name = models.CharField(max_length=120, help_text="Which system uses it, and for what.")
    #: The beginning of the key, to recognise it by.
    hint = models.CharField(max_length=16, editable=False)
    #: The SHA-256 of the key.
    digest = DigestField(max_length=32, unique=True, editable=False)
    #: What it may do: a list of accounts.api_keys.Scope.
    scopes = models.JSONField(default=list)
    #: When it was made.
    created_at = models.DateTimeField(editable=False)
    #: None where the command made it, or where that account was deleted.
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    #: From then on it is not recognised.
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: When it was last used for a call within the rate; None: never.
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: When the period of API_RATE began in which `calls` were made.
    period_at = models.DateTimeField(null=True, editable=False)
    #: How many calls were made in that period.
    calls = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "API key"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def actor(self) -> str:
        """How the ledger names it: by number, because names change."""
        return f"key {self.pk}"

    def has_scope(self, scope: str) -> bool:
        """Whether it may do this, an accounts.api_keys.Scope."""
        return scope in self.scopes


class IdempotentAnswer(models.Model):
    """The answer to a write with an Idempotency-Key, kept for a day (api.idempotency). It must hold no address."""

    #: Who called.
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    #: A keyed hash of the Idempotency-Key.
    digest = DigestField(max_length=32)
    #: A keyed hash of method, path with its query, and body: another request with the same key is refused.
    fingerprint = DigestField(max_length=32)
    #: The HTTP status of the answer; 0 while it is being worked on, and where the answer isn't kept (POST /audience).
    status = models.PositiveSmallIntegerField(default=0)
    #: The answer, as JSON.
    body = models.JSONField(null=True)
    #: When the key was first used.
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "digest"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return f"answer {self.pk}"
