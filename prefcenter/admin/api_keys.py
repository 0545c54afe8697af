"""The keys of the API: made here, shown once, revoked and never deleted. Nobody can read a key again."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from prefcenter.accounts import api_keys
from prefcenter.accounts.api_keys import Scope
from prefcenter.models import ApiKey, IdempotentAnswer, User
from prefcenter.web import staff_pages

from .readonly import NeverDeletedAdmin, ReadOnlyAdmin

_READS_ADDRESSES = "prefcenter.export_opt_outs"
_ACTS = ("unsubscribe.act_for_contact", "prefcenter.import_opt_outs")
#: What staff may do themselves who give it to a system.
_NEEDS = {
    Scope.AUDIENCE: ("unsubscribe.view_suppression", "unsubscribe.view_preference"),
    Scope.CONTACTS_READ: ("unsubscribe.view_contact", _READS_ADDRESSES),
    Scope.CONTACTS_WRITE: _ACTS,
    Scope.SUPPRESSIONS_READ: ("unsubscribe.view_suppression", _READS_ADDRESSES),
    Scope.SUPPRESSIONS_WRITE: _ACTS,
    Scope.DOMAINS_READ: ("unsubscribe.view_domainsuppression",),
    Scope.DOMAINS_WRITE: ("unsubscribe.block_domain",),
    Scope.EVENTS_READ: ("unsubscribe.view_consentevent", _READS_ADDRESSES),
    Scope.CATALOGUE_READ: ("unsubscribe.view_category", "unsubscribe.view_campaign", "unsubscribe.view_sentcount"),
    Scope.FEEDBACK_READ: ("prefcenter.view_feedback", "prefcenter.export_feedback"),
}


def _choices(scopes: Iterable[Scope]) -> list[tuple[str, str]]:
    return [(scope.value, f"{scope.value}: {scope.label}") for scope in scopes]


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=_choices(Scope),
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose only what the system needs. You can only grant what you are allowed to do yourself.",
    )

    class Meta:
        model = ApiKey
        fields = ["name", "scopes", "expires_at"]

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError("Choose a time in the future.")
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(NeverDeletedAdmin):
    form = ApiKeyForm
    list_display = ["name", "hint", "is_valid", "scopes_in_words", "expires_at", "last_used_at", "revoked_at"]
    actions = ["revoke"]
    help_texts = {
        "name": "Which system uses the key, and for what.",
        "expires_at": "Leave empty for a key that never expires.",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        """What a key may do is settled when it is made: who holds it was told so."""
        known = ["scopes_in_words", "hint", "expires_at", "created_at", "created_by", "last_used_at", "revoked_at"]
        return known if obj else []

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[Any]:
        return ["name", *self.get_readonly_fields(request, obj)] if obj else ["name", "scopes", "expires_at"]

    def get_form(self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any) -> Any:
        """A known key has no boxes to tick."""
        if obj:
            kwargs["form"] = forms.modelform_factory(ApiKey, fields=["name"])
        form = super().get_form(request, obj, change=change, **kwargs)
        if not obj:
            may = [scope for scope in Scope if cast(User, request.user).has_perms(_NEEDS[scope])]
            # A copy, because the field belongs to the form of everybody.
            form.base_fields["scopes"] = scopes = deepcopy(cast(forms.ChoiceField, form.base_fields["scopes"]))
            scopes.choices = _choices(may)
        return form

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        scopes = [Scope(one) for one in form.cleaned_data["scopes"]]
        by = cast(User, request.user)
        made, key = api_keys.make(obj.name, scopes, expires_at=obj.expires_at, now=timezone.now(), by=by)
        obj.__dict__.update(made.__dict__, shown_once=key)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The key stands in the answer itself: a message would wait in a cookie or in the session."""
        shown = {"made": obj, "key": vars(obj)["shown_once"]}
        return staff_pages.page(request, "admin/api_keys/made.html", title="New API key", **shown)

    @admin.display(description="scopes")
    def scopes_in_words(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(boolean=True, description="valid")
    def is_valid(self, key: ApiKey) -> bool:
        return key.revoked_at is None and (key.expires_at is None or key.expires_at > timezone.now())

    @admin.action(description="Revoke selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        for key in keys.filter(revoked_at=None):
            api_keys.revoke(key, now=timezone.now())
            self.log_change(request, key, "Revoked.")
        messages.success(request, "Revoked. These keys no longer work.")


@admin.register(IdempotentAnswer)
class IdempotentAnswerAdmin(ReadOnlyAdmin):
    list_title = "Idempotency keys"
    is_technical = True
    list_display = ["created_at", "key", "status"]
    fields = ["created_at", "key", "status"]
    ordering = ["-id"]
