"""The demo's pages; prefcenter.urls includes them in the demo alone."""

from django.urls import path

from . import mailbox

app_name = "demo"
urlpatterns = [
    path("", mailbox.inbox, name="inbox"),
    path("next/", mailbox.next_mailing, name="next"),
    path("<slug:mail_id>/", mailbox.message, name="message"),
    path("<slug:mail_id>/source/", mailbox.source, name="source"),
    path("<slug:mail_id>/body/", mailbox.body, name="body"),
    path("<slug:mail_id>/unsubscribe/", mailbox.unsubscribe, name="unsubscribe"),
]
