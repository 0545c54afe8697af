"""What only the doors need: who may sign in, and what people said when they left."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

from unsubscribe.models import Campaign, Category, ConsentEvent


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

    email = models.EmailField(unique=True, error_messages={"unique": "There is already an account with this address."})
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    objects = UserManager()

    def __str__(self) -> str:
        return self.email


class FeedbackReason(models.Model):
    """A reason people can tick when they leave; edited by marketers, hidden rather than deleted."""

    text = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text


class Feedback(models.Model):
    """Why somebody left, in their words if they liked. One answer per change, never the price of leaving."""

    event = models.OneToOneField(ConsentEvent, on_delete=models.PROTECT, related_name="feedback")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="feedback")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="feedback")
    reason = models.ForeignKey(FeedbackReason, on_delete=models.PROTECT, null=True, blank=True)
    text = models.TextField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "feedback"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.reason or "In their own words")
