"""What support types about a contact. Addresses are taken out of every text before anybody keeps it."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.http import QueryDict

from prefcenter.contact_data import profile
from prefcenter.contact_data.profile import Profile
from prefcenter.web.free_text import without_addresses
from unsubscribe.choices import Purpose
from unsubscribe.models import Address, Category

EVERYTHING, CHANNEL, CATEGORY = "everything", "channel", "category"
_NOBODY = "No contact has this address."
_NOBODY_LIKE_IT = "No contact has an email address that looks like this."
_NO_ADDRESS = "Enter an email address, or a phone number with its country code, like +49 30 123456."
WAYS = {"phone": "By phone", "letter": "By letter", "in_person": "In person", "mail": "By email", "other": "Other"}
ABOUT_WORDS = "Don’t include names or addresses: this is kept permanently in the ledger, and the contact can read it."


class Words(forms.CharField):
    """A text that is kept: without addresses, and not empty if it was to say something."""

    def __init__(self, *, rows: int = 0, help_text: str = ABOUT_WORDS, **kwargs: Any) -> None:
        widget = AdminTextareaWidget(attrs={"rows": rows}) if rows else AdminTextInputWidget()
        super().__init__(widget=widget, max_length=2000 if rows else 300, help_text=help_text, **kwargs)

    def clean(self, value: Any) -> str:
        return without_addresses(super().clean(value))


class FindForm(forms.Form):
    """It says what it looks for, and is only ever POSTed: an address may not stand in a URL."""

    address = forms.CharField(
        label="Email address or phone number",
        max_length=320,
        help_text="Include the country code in phone numbers. You can also enter a masked email address: "
        "j•••@example.com or j***@example.com.",
        widget=AdminTextInputWidget(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    #: Of a valid form: the contact who has exactly this address, or None.
    contact_id: int | None = None
    #: Of a valid form: the addresses that it may be, if they are not of one contact.
    found: Sequence[Address] = ()

    def clean_address(self) -> str:
        typed: str = self.cleaned_data["address"]
        exact = profile.find(typed)
        if exact and len({one.contact_id for one in exact}) == 1:
            self.contact_id = exact[0].contact_id
            return typed
        alike = None if exact else profile.find_masked(typed)
        self.found = exact or alike or ()
        if not self.found:
            nobody = _NOBODY if exact is not None else _NO_ADDRESS
            raise forms.ValidationError(nobody if alike is None else _NOBODY_LIKE_IT)
        return typed


class OptOutForm(forms.Form):
    """What the person no longer wants, in their words, and how those reached us."""

    what = forms.ChoiceField(
        label="Opt out of",
        help_text="One category: on all channels where they have an address today. Everything: on all channels, "
        "including addresses added later.",
    )
    wording = Words(label="What they said", rows=4)
    way = forms.ChoiceField(label="How they contacted us", choices=list(WAYS.items()))
    note = Words(label="Note", required=False)

    def __init__(self, person: Profile, typed: QueryDict | None = None) -> None:
        super().__init__(typed, auto_id="opt_out_%s")
        # Only what can be chosen: for the engine a no to a category that cannot is a no to everything.
        marketing = Category.objects.filter(purpose=Purpose.MARKETING)
        cast(forms.ChoiceField, self.fields["what"]).choices = self.offered = [
            ("", "Choose…"),
            (EVERYTHING, "Everything, on every channel"),
            *((f"{CHANNEL}:{one}", f"Everything on one channel: {one.label}") for one in person.channels),
            *((f"{CATEGORY}:{one.pk}", f"One category: {one.name}") for one in marketing),
        ]

    @property
    def said(self) -> str:
        """What they no longer want, as the form offered it."""
        return dict(self.offered)[self.cleaned_data["what"]]

    @property
    def all_notes(self) -> str:
        """The way the wish reached us, and what else is worth knowing."""
        return f"{WAYS[self.cleaned_data['way']]}. {self.cleaned_data['note']}".strip()


class NoteForm(forms.Form):
    """Why a suppression is set or lifted."""

    note = Words(label="Note")


class SuppressForm(NoteForm):
    """An address of the contact that nothing is to be sent to."""

    address = forms.TypedChoiceField(label="Address", coerce=int)
    field_order = ["address", "note"]

    def __init__(self, person: Profile, typed: QueryDict | None = None) -> None:
        super().__init__(typed, auto_id="suppress_%s")
        cast(forms.ChoiceField, self.fields["address"]).choices = [
            (one.address.pk, f"{one.address} ({one.address.get_channel_display()})") for one in person.held
        ]
