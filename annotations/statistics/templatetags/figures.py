"""Figures as the dashboard's templates write them."""

from django import template

from annotations.statistics.words import grouped, share

register = template.Library()
register.filter("grouped", grouped)
register.filter("share", share)
