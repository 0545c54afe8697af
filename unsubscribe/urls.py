"""The one path the engine needs. In either letter case, with slashes before it, broken in two, and with anything behind
the token, because a one-click is neither redirected nor refused for what its way has made of the link.
"""

from django.urls import re_path

from . import views
from .links.token_text import BEFORE_KIND, BEHIND_KIND

_ONE_CLICK = rf"^{BEFORE_KIND}[uU]{BEHIND_KIND}(?:/(?P<token>[\s\S]*))?$"
urlpatterns = [re_path(_ONE_CLICK, views.one_click, name="one_click")]
