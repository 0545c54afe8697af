"""The one path the engine needs. In either letter case, with slashes before it and anything behind the token, because
a one-click is neither redirected nor refused for what its way has made of the link.
"""

from django.urls import re_path

from . import views

urlpatterns = [re_path(r"^(?:/*)[uU](?:/(?P<token>[\s\S]*))?$", views.one_click, name="one_click")]
