"""What marketers write, in every language the pages speak: a group of fields for each. It translates nothing itself."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.db import models
from django.http import HttpRequest
from django.utils.text import capfirst

from unsubscribe.models import Translatable

from .readonly import NeverDeletedAdmin

#: The language in which the fields themselves are written.
_AS_WRITTEN = "en"


class TextsForm(forms.ModelForm):
    """Shows `translations` as fields and writes them back. What it does not show it keeps: other fields, and
    languages that are no longer offered."""

    texts: ClassVar[Sequence[str]] = ()
    instance: Translatable

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, text in self._places():
            self.initial.setdefault(_name(text, code), self.instance.translations.get(code, {}).get(text, ""))

    def save(self, commit: bool = True) -> Any:
        translations = {code: dict(said) for code, said in self.instance.translations.items()}
        for code, text in self._places():
            translations.setdefault(code, {})[text] = self.cleaned_data[_name(text, code)]
        said = {code: {text: value for text, value in texts.items() if value} for code, texts in translations.items()}
        self.instance.translations = {code: texts for code, texts in said.items() if texts}
        return super().save(commit=commit)

    def _places(self) -> Iterator[tuple[str, str]]:
        return ((code, text) for code, _ in _languages() for text in self.texts)


class TranslatableAdmin(NeverDeletedAdmin):
    """An admin that names its `fields` and has a form from `in_every_language`."""

    form: type[TextsForm]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj and not self.has_change_permission(request, obj):
            # Whoever may only look gets no form, and sees the texts as they are stored.
            return [*super().get_fieldsets(request, obj), (None, {"fields": ["translations"]})]
        groups = [
            (name, {"classes": ["collapse"], "fields": [_name(text, code) for text in self.form.texts]})
            for code, name in _languages()
        ]
        return [*super().get_fieldsets(request, obj), *groups]


def in_every_language(model: type[Translatable], texts: Sequence[str]) -> type[TextsForm]:
    """The form for `model` whose fields named in `texts` can be said in each language."""
    fields = {_name(text, code): _field(model, text, code, name) for code, name in _languages() for text in texts}
    return type(f"{model.__name__}TextsForm", (TextsForm,), {"texts": tuple(texts), **fields})


def _languages() -> list[tuple[str, str]]:
    return [(code, name) for code, name in settings.LANGUAGES if code != _AS_WRITTEN]


def _name(text: str, code: str) -> str:
    return f"{text}_{code}"


def _field(model: type[Translatable], text: str, code: str, language: str) -> forms.Field:
    """Like the field it translates, its length included, but never asked for."""
    field: Any = model._meta.get_field(text)
    widget = AdminTextareaWidget if isinstance(field, models.TextField) else AdminTextInputWidget
    said: forms.Field = field.formfield(
        required=False,
        label=capfirst(f"{field.verbose_name} ({language})"),
        widget=widget(attrs={"lang": code, "dir": "auto"}),
    )
    return said
