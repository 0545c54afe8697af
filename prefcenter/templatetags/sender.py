"""The sender's name, for the top of every page."""

from django import template

from unsubscribe import conf

register = template.Library()


@register.simple_tag
def sender_name() -> str:
    return conf.sender_name()
