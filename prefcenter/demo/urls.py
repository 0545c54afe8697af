"""The demo's pages; prefcenter.urls includes them in the demo alone."""

from django.urls import path, register_converter

from . import mailbox


class MailId:
    """The name of an email's file (backends.EmlBackend)."""

    regex = "[0-9]+-[0-9]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(MailId, "mail_id")

app_name = "demo"
urlpatterns = [
    path("", mailbox.inbox, name="inbox"),
    path("next/", mailbox.next_mailing, name="next"),
    path("<mail_id:mail_id>/", mailbox.message, name="message"),
    path("<mail_id:mail_id>/source/", mailbox.source, name="source"),
    path("<mail_id:mail_id>/body/", mailbox.body, name="body"),
    path("<mail_id:mail_id>/unsubscribe/", mailbox.unsubscribe, name="unsubscribe"),
]
