"""Puts our desk where Django's admin would be. It decides nothing."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    default_site = "prefcenter.accounts.admin_site.Desk"
