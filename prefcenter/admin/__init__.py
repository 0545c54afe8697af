"""The admin, for marketers, support and compliance: one module or folder for each subject, registered by this import.

What contacts chose is changed through unsubscribe.actions alone.
"""

from django.contrib import admin

from . import api_keys, catalogue, feedback, overview, records, staff, webhooks
from .contacts import records as contact_records

__all__ = ["api_keys", "catalogue", "contact_records", "feedback", "overview", "records", "staff", "webhooks"]

admin.site.site_header = "Preference center"
admin.site.site_title = "Preference center"
admin.site.index_title = "Overview"
