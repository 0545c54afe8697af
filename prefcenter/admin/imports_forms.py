"""What somebody says about a file: what it holds, and what is to be done with it."""

from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat

from prefcenter.imports import Terms
from prefcenter.models import ImportKind
from unsubscribe.choices import Channel, Purpose, SuppressionReason
from unsubscribe.models import Category

_REASONS = {
    "": "As the file says",
    SuppressionReason.UNSUBSCRIBED_ALL: "They unsubscribed",
    SuppressionReason.COMPLAINT: "They complained",
    SuppressionReason.HARD_BOUNCE: "The address does not exist",
    SuppressionReason.MANUAL: "We block it: nothing at all, not even a receipt",
}


class TermsForm(forms.Form):
    """Reason and category are about opt-outs; contacts have neither."""

    kind = forms.ChoiceField(
        label="What it holds",
        choices=[(ImportKind.OPT_OUTS, "Opt-outs: do not write to them"), (ImportKind.CONTACTS, "Contacts: know them")],
        help_text="Knowing an address is no consent: nothing is subscribed, and whoever opted out stays so.",
    )
    channel = forms.ChoiceField(label="Channel", choices=Channel.choices, initial=Channel.EMAIL)
    reason = forms.ChoiceField(
        label="Reason of the opt-outs",
        choices=list(_REASONS.items()),
        required=False,
        help_text="Where the file says nothing, they unsubscribed. Lines that say “subscribed” are never taken.",
    )
    category = forms.ModelChoiceField(
        Category.objects.filter(purpose=Purpose.MARKETING, retired_at=None),
        required=False,
        empty_label="Everything on this channel",
        help_text="For whoever unsubscribed. A complaint, or an address that does not exist, counts for everything.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_about_everything = cleaned.get("reason") not in {"", None, SuppressionReason.UNSUBSCRIBED_ALL}
        if cleaned.get("category") and is_about_everything:
            self.add_error("category", "With this reason the opt-outs are about everything: please choose no category.")
        return cleaned

    @property
    def terms(self) -> Terms:
        said = self.cleaned_data
        kind, channel = ImportKind(said["kind"]), Channel(said["channel"])
        if kind == ImportKind.CONTACTS:
            return Terms(kind, channel)
        reason = SuppressionReason(said["reason"]) if said["reason"] else None
        return Terms(kind, channel, reason, said["category"].pk if said["category"] else None)


class UploadForm(TermsForm):
    file = forms.FileField(
        help_text="CSV or a plain list, as Mailchimp, Mailgun, SendGrid, Postmark and Klaviyo export it, or as SHA-256."
    )
    field_order = ["file", "kind"]


def too_large() -> str:
    most = filesizeformat(settings.IMPORT_MAX_MB * 2**20)
    return f"This file is larger than {most}. Please split it, or have it imported on the server by the command."
