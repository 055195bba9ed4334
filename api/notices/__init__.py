"""Notices: whoever gets a duty is told outside the ledger as well, by e-mail or a chat's webhook, if so set."""

from api.notices.chosen import links_of, outlets_of
from api.notices.outlets import Message, Outlet, SmtpOutlet, Undelivered, WebhookOutlet
from api.notices.sending import Noticing

__all__ = ["Message", "Noticing", "Outlet", "SmtpOutlet", "Undelivered", "WebhookOutlet", "links_of", "outlets_of"]
