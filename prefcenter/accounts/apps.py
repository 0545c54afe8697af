"""Has Django take our admin site (admin_site.StaffSite) for its own."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    default_site = "prefcenter.accounts.admin_site.StaffSite"
