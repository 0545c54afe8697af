"""Who may sign in, and what the staff did here. Accounts have no password: a code by mail, and a second factor."""

from typing import Any, cast

import allauth.account.admin
import allauth.mfa.admin  # noqa: F401  (both register what is unregistered here, and do so only once)
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.widgets import AdminEmailInputWidget
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone

from prefcenter.accounts import notices, powers, second_factor, verified_addresses
from prefcenter.accounts.fields import AccountAddressField
from prefcenter.models import User

from .lookups import ListedLookupsAdmin
from .readonly import ReadOnlyAdmin

# Which address an account has proved is for `proof` to say; a row made by hand could name somebody else's.
admin.site.unregister(EmailAddress)
# It would show the secrets.
admin.site.unregister(Authenticator)
admin.site.unregister(Group)

#: What an account may do. Whoever could set these would need no other right.
_POWERS = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")


class AccountForm(forms.ModelForm):
    removes_second_factors = forms.BooleanField(
        label="Remove all second factors",
        required=False,
        help_text="For whoever has lost theirs. Their open sessions end, they are told by mail, and after the next "
        "code they set up a new one. Make sure that it is really them who ask: by phone, not by mail.",
    )


@admin.register(User)
class UserAdmin(ListedLookupsAdmin, DjangoUserAdmin):
    """Only superusers touch superusers, and what an account may do. Other staff who may change accounts see to the
    addresses and second factors of those that may do no more than they themselves: see `powers`."""

    ordering = ["email"]
    list_display = ["email", "is_staff", "is_active", "date_joined"]
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["email"]
    form = AccountForm
    add_form = forms.ModelForm
    readonly_fields = ["second_factors", "last_login"]
    fieldsets = [
        (None, {"fields": ["email"]}),
        ("Access", {"fields": _POWERS}),
        ("Second factor", {"fields": ["second_factors", "removes_second_factors"]}),
        ("Mail", {"fields": ["wants_digest"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["email", "is_staff", "is_superuser", "groups"]})]
    formfield_overrides = {models.EmailField: {"form_class": AccountAddressField, "widget": AdminEmailInputWidget}}

    def get_urls(self) -> list[URLPattern]:
        """Without Django's page that sets a password."""
        return admin.ModelAdmin.get_urls(self)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        return [*self.readonly_fields, *([] if cast(User, request.user).is_superuser else _POWERS)]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    @admin.display(description="set up")
    def second_factors(self, user: User) -> str:
        """Their kinds and days. Names are people's own words, and keys are nobody's business."""
        return "; ".join(second_factor.described(user)) or "none yet"

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Whoever may make accounts vouches for their addresses."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        verified_addresses.keep(obj)
        now = timezone.now()
        if change and "email" in form.changed_data:
            notices.tell(obj, notices.MOVED, now=now, to=form.initial["email"])
        if change and form.cleaned_data["removes_second_factors"]:
            removed = second_factor.remove_all(obj, now=now)
            if removed:
                notices.tell(obj, notices.REMOVED, now=now)
            messages.success(request, f"Removed: {removed}. They set up a new one when they next sign in.")


@admin.register(Group)
class GroupAdmin(ListedLookupsAdmin, DjangoGroupAdmin):
    """What a group may do is for superusers to say: whoever is in it, or could add themselves, would gain."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return cast(User, request.user).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return cast(User, request.user).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return cast(User, request.user).is_superuser


def _may_touch(request: HttpRequest, account: User | None) -> bool:
    """No account: whether there could be one."""
    return account is None or powers.may_touch(cast(User, request.user), account)


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """What was done in the admin, by whom."""

    list_display = ["action_time", "user", "content_type", "object_id", "said"]
    list_filter = ["action_flag", "content_type"]
    list_select_related = ["user", "content_type"]
    fields = ["action_time", "user", "content_type", "object_id", "said"]
    ordering = ["-id"]

    @admin.display(description="what")
    def said(self, entry: LogEntry) -> str:
        return entry.get_change_message() or entry.get_action_flag_display()
