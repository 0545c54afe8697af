"""Who hears of the ledger's lines by webhook: made, switched off and on again here, lines sent again by hand."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from prefcenter.models import User, WebhookDelivery, WebhookEndpoint
from prefcenter.web import staff_pages
from prefcenter.webhooks import delivery, http
from unsubscribe.choices import COMING_IN, EventKind, OutboxStatus, Source

from .naming import column
from .readonly import NeverDeletedAdmin, ReadOnlyAdmin

#: What an endpoint gets; whoever says where it goes may see it themselves.
_READS_LEDGER = ("unsubscribe.view_consentevent", "prefcenter.export_opt_outs")


class EndpointForm(forms.ModelForm):
    url = forms.URLField(
        label="URL",
        max_length=500,
        assume_scheme="https",
        help_text="Must start with https. Webhooks are signed, and the endpoint answers with a 2xx status.",
    )
    kinds = forms.MultipleChoiceField(
        choices=EventKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None selected = all, including future ones.",
    )
    left_out = forms.MultipleChoiceField(
        label="Exclude events from",
        choices=Source.choices,
        required=False,
        initial=delivery.LEFT_OUT,
        widget=forms.CheckboxSelectMultiple,
        help_text=(
            "Import: events are sent one after another, so a long import delays the opt-outs behind it. Excluded "
            "events are still in the API’s event feed. API: select this if the endpoint belongs to the only system "
            "that writes through the API and it doesn’t need its own changes back. Otherwise it would miss changes by "
            "others."
        ),
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["name", "url", "kinds", "left_out"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {*COMING_IN, *self.instance.left_out}
        field = cast(forms.MultipleChoiceField, self.fields["left_out"])
        field.choices = [one for one in Source.choices if one[0] in offered]

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if problem := http.why_not(url):
            raise forms.ValidationError(problem)
        return url


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(NeverDeletedAdmin):
    form = EndpointForm
    list_display = ["name", "is_on", "disabled_because", "resting_until", "waiting", "created_at"]
    actions = ["enable", "disable"]
    help_texts = {"name": "Which system receives the webhooks."}
    waiting = column("waiting_lines", "waiting")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and cast(User, request.user).has_perms(_READS_LEDGER)

    def has_change_permission(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> bool:
        return super().has_change_permission(request, obj) and cast(User, request.user).has_perms(_READS_LEDGER)

    def get_readonly_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> list[str]:
        return ["is_on", "disabled_because", "resting_until", "waiting", "created_at", "created_by"] if obj else []

    def get_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> list[Any]:
        return [*self.form.Meta.fields, *self.get_readonly_fields(request, obj)]

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        if change:
            # Only what was on the form: meanwhile a worker writes the rest.
            obj.save(update_fields=self.form.Meta.fields)
            return
        kinds = [EventKind(kind) for kind in obj.kinds]
        left_out, by = [Source(one) for one in obj.left_out], cast(User, request.user)
        made = delivery.make(obj.name, obj.url, kinds, left_out=left_out, now=timezone.now(), by=by)
        obj.__dict__.update(made.__dict__)

    def response_add(
        self, request: HttpRequest, obj: WebhookEndpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._shown_once(request, obj, title="New webhook endpoint")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.new_secret)
        return [path("<int:pk>/new-secret/", view, name="prefcenter_webhookendpoint_new_secret"), *super().get_urls()]

    def new_secret(self, request: HttpRequest, pk: int) -> HttpResponse:
        """`known`: which secret the page was opened with. Sent again, it makes no second one."""
        endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        known = str(endpoint.previous_until or "")
        if request.method != "POST":
            is_changing = len(endpoint.secrets(now=timezone.now())) > 1
            shown: dict[str, Any] = {"made": endpoint, "known": known, "is_changing": is_changing}
            return staff_pages.page(request, "admin/webhooks/new_secret.html", title="Create a new secret", **shown)
        if request.POST.get("known") != known:
            messages.info(request, "Nothing changed: another secret was created after you opened this page.")
            return redirect("admin:prefcenter_webhookendpoint_change", pk)
        delivery.renew_secret(endpoint, now=timezone.now())
        self.log_change(request, endpoint, "Created a new secret.")
        return self._shown_once(request, endpoint, title="New secret")

    def _shown_once(self, request: HttpRequest, endpoint: WebhookEndpoint, *, title: str) -> HttpResponse:
        """The secret stands in the answer itself: a message would wait in a cookie or in the session."""
        return staff_pages.page(request, "admin/webhooks/made.html", title=title, made=endpoint)

    @admin.display(boolean=True, description="on")
    def is_on(self, endpoint: WebhookEndpoint) -> bool:
        return endpoint.disabled_at is None

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        queued = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), status=OutboxStatus.QUEUED)
        count = queued.order_by().values("endpoint").annotate(count=Count("pk")).values("count")
        endpoints: QuerySet[WebhookEndpoint] = super().get_queryset(request)
        return endpoints.annotate(waiting_lines=Coalesce(Subquery(count), 0))

    @admin.action(description="Turn on and send missed events", permissions=["change"])
    def enable(self, request: HttpRequest, endpoints: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in endpoints:
            delivery.enable(endpoint, now=timezone.now())
            self.log_change(request, endpoint, "Turned on.")
        messages.success(request, "Turned on. Missed events will be sent.")

    @admin.action(description="Turn off (events are kept for later)", permissions=["change"])
    def disable(self, request: HttpRequest, endpoints: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in endpoints:
            delivery.disable(endpoint, "Turned off by staff.", now=timezone.now())
            self.log_change(request, endpoint, "Turned off.")
        messages.success(request, "Turned off. Events are kept and will be sent when it is turned on again.")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "endpoint", "event", "status", "attempts", "due_at", "sent_at", "last_error"]
    list_filter = ["status", "endpoint"]
    list_select_related = ["endpoint", "event"]
    ordering = ["-id"]
    actions = ["send_again"]  # type: ignore[assignment]  # the only thing that can be done here

    @admin.action(description="Send again", permissions=["resend"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
        LogEntry.objects.log_actions(cast(int, request.user.pk), deliveries, CHANGE, "Sent again.")
        count = delivery.again(deliveries, now=timezone.now())
        messages.success(request, f"{count:,} will be sent again in a moment if their endpoints are on.")

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return cast(User, request.user).has_perms(["prefcenter.change_webhookendpoint", *_READS_LEDGER])
