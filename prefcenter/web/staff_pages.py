"""For pages of the admin that are not a list of a model: the permission check, and the admin's frame."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

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
