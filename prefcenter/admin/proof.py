"""Makes the proof of one contact, to be printed and as a file. It changes nothing but the admin's log, by POST."""

from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from prefcenter.contact_data import proof
from prefcenter.contact_data.proof import Made, Proof, signing
from prefcenter.contact_data.proof.signing import Signature
from prefcenter.models import staff_actor
from prefcenter.web import staff_pages
from unsubscribe.addresses import digest_of_sha256, normalise
from unsubscribe.choices import Channel
from unsubscribe.errors import InvalidAddress
from unsubscribe.models import Address, Contact

NEEDS = ("unsubscribe.view_contact", "prefcenter.prove_contact")
_DIFFERENT = (
    "Something has changed since you created the proof: an email was sent, a seal was created, or there is a new "
    "event. Create the proof again, so that the page and the file match."
)


class AboutForm(forms.Form):
    """Whose record it is said to be. What is typed is hashed, and goes no further."""

    address = forms.CharField(
        label="Contact’s address (optional)",
        required=False,
        max_length=1000,
        help_text="Adds the SHA-256 of the address to the proof, so that people who know the address can verify that "
        "the record is about it. The address itself is not stored. You can also enter an erased address.",
        widget=AdminTextInputWidget(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def __init__(self, contact: Contact, *args: Any) -> None:
        super().__init__(*args)
        self.held = list(contact.addresses.all())

    def clean_address(self) -> bytes:
        """The SHA-256 of the address in the spelling in which it is found; nothing if none was typed."""
        typed = self.cleaned_data["address"]
        if not typed:
            return b""
        digests = {bytes(one.digest) for one in self.held}
        for inner in _readings(typed, self.held):
            if digest_of_sha256(inner) in digests:
                return inner
        raise forms.ValidationError("This contact doesn’t have this address. No proof was created.")


class SameForm(forms.Form):
    """What it takes to gather a proof once more. The signature says whether it is the same."""

    at = forms.DateTimeField()
    by = forms.CharField(max_length=150)
    about = forms.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
    public_key = forms.RegexField(rf"\A{signing.PUBLIC_KEY}\Z")
    value = forms.RegexField(rf"\A{signing.VALUE}\Z")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def make(request: HttpRequest, contact_id: int) -> HttpResponse:
    """GET asks whether the record is to name the address; POST makes it and answers with the page to print."""
    contact = get_object_or_404(Contact, id=contact_id)
    form = AboutForm(contact, *([request.POST] if request.method == "POST" else []))
    if not form.is_valid():
        return staff_pages.page(
            request, "admin/proof/make.html", title=f"Proof for contact {contact.pk}", contact=contact, form=form
        )
    try:
        made = proof.make(contact, Made(timezone.now(), staff_actor(request.user.pk), form.cleaned_data["address"]))
    except proof.Unreadable as error:
        return _refused(request, contact.pk, str(error))
    said = f"Created a proof with the fingerprint {made.fingerprint}."
    staff_pages.log(request, contact, said)
    return staff_pages.page(
        request, "admin/proof/proof.html", title="Proof of what happened", contact=contact, proof=made
    )


@require_POST
def file(request: HttpRequest, contact_id: int) -> HttpResponse:
    """The page that was made, as JSON: the same to the byte, or nothing."""
    contact = get_object_or_404(Contact, id=contact_id)
    form = SameForm(request.POST)
    same = _same(contact, **form.cleaned_data) if form.is_valid() else None
    if same is None:
        return _refused(request, contact.pk, _DIFFERENT)
    name = f"proof-{contact.pk}-{same.fingerprint[:12]}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(same.file, content_type="application/json", headers=headers)


def _same(contact: Contact, *, at: Any, by: str, about: str, public_key: str, value: str) -> Proof | None:
    with suppress(proof.Unreadable):
        return proof.again(contact, Made(at, by, bytes.fromhex(about)), Signature(public_key, value))
    return None


def _readings(typed: str, held: list[Address]) -> Iterator[bytes]:
    """One for each channel on which the contact is known."""
    for channel in sorted({one.channel for one in held}):
        with suppress(InvalidAddress):
            yield sha256(normalise(typed, channel=Channel(channel)).value.encode()).digest()


def _refused(request: HttpRequest, contact_id: int, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("admin:unsubscribe_contact_proof", contact_id)


def urls() -> list[URLPattern]:
    """Below the list of contacts."""
    return [
        path("<int:contact_id>/proof/", staff_pages.for_staff(make, *NEEDS), name="unsubscribe_contact_proof"),
        path("<int:contact_id>/proof.json", staff_pages.for_staff(file, *NEEDS), name="unsubscribe_contact_proof_file"),
    ]
