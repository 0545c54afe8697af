"""What lists, columns, filters, fields and URLs of the admin are called, where the model's own words are not for
readers."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.text import capfirst
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView


class NamedAdmin(admin.ModelAdmin):
    """`list_title` is what the list is called in headings, breadcrumbs and the menu; the model's plural if empty.
    `labels` and `help_texts` are those of fields in forms, by field. A list that `is_technical` stands apart in the
    menu, under "System". With a `short_path` its pages are right under /admin/, and the URLs under app and model lead
    there.
    """

    list_title: ClassVar[str] = ""
    labels: ClassVar[Mapping[str, str]] = {}
    help_texts: ClassVar[Mapping[str, str]] = {}
    is_technical: ClassVar[bool] = False
    short_path: ClassVar[str] = ""

    @property
    def urls(self) -> list[URLPattern]:
        if not self.short_path:
            return self.get_urls()
        moved = require_safe(RedirectView.as_view(url=f"/admin/{self.short_path}/%(rest)s", query_string=True))
        return [re_path(r"^(?P<rest>.*)$", self.admin_site.admin_view(moved))]

    def get_short_urls(self) -> list[URLResolver]:
        """Those right under /admin/, see StaffSite. A path within another one has to be registered before it."""
        return [path(f"{self.short_path}/", include(self.get_urls()))] if self.short_path else []

    def get_list_title(self) -> str:
        return self.list_title or capfirst(str(self.opts.verbose_name_plural))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        named = {"labels": dict(self.labels), "help_texts": dict(self.help_texts)}
        return super().get_form(request, obj, change=change, **(named | kwargs))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": self.get_list_title()} | (extra_context or {}))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return super().render_change_form(request, context | {"list_title": self.get_list_title()}, *args, **kwargs)


def column(field: str, description: str, *, boolean: bool | None = None) -> Callable[[Any, Any], Any]:
    """A column of a list that shows `field` and is sorted by it, under another heading."""

    @admin.display(description=description, ordering=field, boolean=boolean)
    def shown(model_admin: Any, row: Any) -> Any:
        return getattr(row, field)

    return shown


def titled(base: type[admin.FieldListFilter], title: str) -> type[admin.FieldListFilter]:
    """The filter `base` of a field, under another heading."""

    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        base.__init__(self, *args, **kwargs)
        self.title = title

    return type(base.__name__, (base,), {"__init__": made})
