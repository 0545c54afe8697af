"""The path of one-click, /u/<token>: in either letter case, with slashes before it, with breaks in it and with anything
behind the token, because mail programs and gateways change links, and a one-click is never redirected (requirement E4).
"""

from django.urls import re_path

from . import views
from .links.token_text import BEFORE_KIND, BEHIND_KIND

_ONE_CLICK = rf"^{BEFORE_KIND}[uU]{BEHIND_KIND}(?:/(?P<token>[\s\S]*))?$"
urlpatterns = [re_path(_ONE_CLICK, views.one_click, name="one_click")]
