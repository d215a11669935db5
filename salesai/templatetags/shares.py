"""How the admin's pages write shares."""

from django import template

from salesai.tables import share

register = template.Library()
register.filter("share", share)
