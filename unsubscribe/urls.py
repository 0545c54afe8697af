"""The one path the engine needs; with and without a closing slash, because a one-click never redirects."""

from django.urls import re_path

from . import views

urlpatterns = [re_path(r"^u(?:/(?P<token>[^/]*))?/?$", views.one_click, name="one_click")]
