"""The admin, for marketers, support and compliance: one module or folder for each subject, registered by this import.

What contacts chose is changed through unsubscribe.actions alone.
"""

from django.contrib import admin

# Importing them registers them.
from . import api_keys, catalogue, domains, feedback, overview, records, staff, webhooks  # noqa: F401
from .contacts import records as contact_records  # noqa: F401
from .imports import records as import_records  # noqa: F401
from .opt_outs import views as opt_outs  # noqa: F401

admin.site.site_header = "Preference center"
admin.site.site_title = "Preference center"
admin.site.index_title = "Overview"
