"""A fresh install has reasons to offer when people leave; staff edit, hide or remove them like any other."""

from django.db import migrations

#: The text in English, and whether a line of text may be added; then the other languages.
REASONS = [
    (
        ("Too many emails", False),
        {
            "ar": "رسائل كثيرة جدًا",
            "de": "Zu viele E-Mails",
            "es": "Demasiados correos",
            "fr": "Trop d’e-mails",
            "ja": "メールが多すぎる",
            "pt-br": "E-mails demais",
        },
    ),
    (
        ("Not relevant to me", False),
        {
            "ar": "المحتوى لا يهمني",
            "de": "Für mich nicht interessant",
            "es": "No me interesa",
            "fr": "Cela ne m’intéresse pas",
            "ja": "内容に興味がない",
            "pt-br": "Não é relevante para mim",
        },
    ),
    (
        ("I never signed up", False),
        {
            "ar": "لم أشترك قط",
            "de": "Ich habe mich nie angemeldet",
            "es": "Nunca me suscribí",
            "fr": "Je ne me suis jamais inscrit(e)",
            "ja": "登録した覚えがない",
            "pt-br": "Nunca me inscrevi",
        },
    ),
    (
        ("Something else", True),
        {
            "ar": "سبب آخر",
            "de": "Etwas anderes",
            "es": "Otra razón",
            "fr": "Autre chose",
            "ja": "その他",
            "pt-br": "Outro motivo",
        },
    ),
]


def offer(apps, schema_editor):
    """Where there are contacts the site is in use, and having no reasons was a choice."""
    reason = apps.get_model("prefcenter", "FeedbackReason")
    if reason.objects.exists() or apps.get_model("unsubscribe", "Contact").objects.exists():
        return
    reason.objects.bulk_create(
        reason(
            text=text,
            asks_for_more=asks_for_more,
            position=position,
            translations={language: {"text": said} for language, said in translated.items()},
        )
        for position, ((text, asks_for_more), translated) in enumerate(REASONS)
    )


class Migration(migrations.Migration):

    dependencies = [("prefcenter", "0011_unused_index"), ("unsubscribe", "0007_covering")]

    operations = [migrations.RunPython(offer, migrations.RunPython.noop)]
