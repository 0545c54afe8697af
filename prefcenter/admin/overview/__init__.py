"""The front page of the admin: how are we doing? It shows what prefcenter.reports counts, and changes nothing."""

from django.contrib import admin

from .page import front

__all__ = ["front"]

admin.site.index = front  # type: ignore[method-assign]  # Django's way is a subclass, and that is the accounts' own
admin.site.index_template = "admin/overview/index.html"
