"""The admin, for marketers, support and compliance: one module or folder for each subject, registered by this import.

What contacts chose is changed through unsubscribe.actions alone.
"""

from django.contrib import admin

from . import api_keys, catalogue, domains, feedback, overview, records, staff, webhooks
from .contacts import records as contact_records
from .imports import records as import_records
from .opt_outs import views as opt_outs

__all__ = [
    "api_keys",
    "catalogue",
    "contact_records",
    "domains",
    "feedback",
    "import_records",
    "opt_outs",
    "overview",
    "records",
    "staff",
    "webhooks",
]

admin.site.site_header = "Preference center"
admin.site.site_title = "Preference center"
admin.site.index_title = "Overview"
