"""The marketers' desk, plain for now. What people wished can be read here and changed nowhere but in actions."""

from django.contrib import admin

from . import api_keys, catalogue, feedback, overview, records, staff, webhooks
from .contacts import records as people

__all__ = ["api_keys", "catalogue", "feedback", "overview", "people", "records", "staff", "webhooks"]

admin.site.site_header = "Preference center"
admin.site.site_title = "Preference center"
admin.site.index_title = "Overview"
