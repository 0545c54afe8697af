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
from .naming import column, titled
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
        label="Reset two-step sign-in",
        required=False,
        help_text="For people who lost their passkey or authenticator app. It signs them out everywhere and notifies "
        "them by email. They set up two-step sign-in again when they next sign in. First make sure that the request "
        "really comes from them: by phone, not by email.",
    )


@admin.register(User)
class UserAdmin(ListedLookupsAdmin, DjangoUserAdmin):
    """Only superusers touch superusers, and what an account may do. Other staff who may change accounts see to the
    addresses and second factors of those that may do no more than they themselves: see `powers`."""

    ordering = ["email"]
    list_display = ["email", "staff", "active", "date_joined"]
    list_filter = [
        ("is_staff", titled(admin.BooleanFieldListFilter, "staff")),
        ("is_active", titled(admin.BooleanFieldListFilter, "active")),
        "groups",
    ]
    search_fields = ["email"]
    labels = {"is_staff": "Staff", "is_active": "Active", "wants_digest": "Weekly digest"}
    help_texts = {"wants_digest": "An email every Monday with feedback from people who unsubscribed."}
    staff = column("is_staff", "staff", boolean=True)
    active = column("is_active", "active", boolean=True)
    form = AccountForm
    add_form = forms.ModelForm
    readonly_fields = ["second_factors", "last_login"]
    fieldsets = [
        (None, {"fields": ["email"]}),
        ("Access", {"fields": _POWERS}),
        ("Two-step sign-in", {"fields": ["second_factors", "removes_second_factors"]}),
        ("Email", {"fields": ["wants_digest"]}),
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
        return "; ".join(second_factor.described(user)) or "Not set up"

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
            messages.success(
                request, f"Removed: {removed}. They will set up two-step sign-in again when they next sign in."
            )


@admin.register(Group)
class GroupAdmin(ListedLookupsAdmin, DjangoGroupAdmin):
    """What a group may do is for superusers to say: whoever is in it, or could add themselves, would gain."""

    def _is_superuser(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return cast(User, request.user).is_superuser

    has_add_permission = has_change_permission = has_delete_permission = _is_superuser


def _may_touch(request: HttpRequest, account: User | None) -> bool:
    """No account: whether there could be one."""
    return account is None or powers.may_touch(cast(User, request.user), account)


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """What was done in the admin, by whom."""

    list_display = ["date", "user", "type_of_object", "object_id", "said"]
    list_filter = [
        ("action_flag", titled(admin.ChoicesFieldListFilter, "action")),
        ("content_type", titled(admin.RelatedFieldListFilter, "type of object")),
    ]
    labels = {"action_time": "Date", "content_type": "Type of object"}
    date = column("action_time", "date")
    type_of_object = column("content_type", "type of object")
    list_select_related = ["user", "content_type"]
    fields = ["action_time", "user", "content_type", "object_id", "said"]
    ordering = ["-id"]

    @admin.display(description="change")
    def said(self, entry: LogEntry) -> str:
        return entry.get_change_message() or entry.get_action_flag_display()
