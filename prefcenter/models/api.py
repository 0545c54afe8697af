"""Who may use the API, and what was answered to a write that may come again."""

from django.db import models

from unsubscribe.models.lookups import DigestField

from .accounts import User


class ApiKey(models.Model):
    """A system that may call us. Of the key itself only a hash is kept."""

    name = models.CharField(max_length=120, help_text="Which system uses it, and for what.")
    #: The beginning of the key, to recognise it by.
    hint = models.CharField(max_length=16, editable=False)
    digest = DigestField(max_length=32, unique=True, editable=False)
    #: What it may do: a list of accounts.api_keys.Scope.
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: When the period began in which `calls` were made.
    period_at = models.DateTimeField(null=True, editable=False)
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
        return scope in self.scopes


class IdempotentAnswer(models.Model):
    """What a write under an Idempotency-Key was answered, kept for a day. It holds no address."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    #: Of the Idempotency-Key.
    digest = DigestField(max_length=32)
    #: Of method, path and body: the same key with another request is a mistake of the caller's.
    fingerprint = DigestField(max_length=32)
    #: Of the answer, as HTTP has it; 0 while it is being worked on.
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "digest"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return f"answer {self.pk}"
