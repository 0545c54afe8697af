"""For pages of the admin that are not a list of a model: the permission check, the admin's frame, and its log."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.decorators import permission_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from prefcenter.models import User

View = Callable[..., HttpResponseBase]
V = TypeVar("V", bound=View)


def for_staff(view: V, *permissions: str) -> V:
    """The view for staff who have all of these permissions. Others who are signed in get 403; those who are not signed
    in are sent to sign in."""
    guarded: V = admin.site.admin_view(permission_required(permissions, raise_exception=True)(view))
    return guarded


def page(request: HttpRequest, template: str, *, title: str, status: int = 200, **context: Any) -> HttpResponse:
    """The template within the admin's frame, under this title."""
    return render(request, template, admin.site.each_context(request) | {"title": title} | context, status=status)


def log(request: HttpRequest, row: Model, said: str, *, flag: int = CHANGE) -> None:
    """One entry about the row in the admin's log, by whoever is signed in."""
    LogEntry.objects.log_actions(cast(User, request.user).pk, [row], flag, said, single_object=True)
