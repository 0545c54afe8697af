"""Makes admin_site.StaffSite the admin site of Django."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    default_site = "prefcenter.accounts.admin_site.StaffSite"
