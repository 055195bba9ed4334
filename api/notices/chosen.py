"""Chosen outlets: those that the settings name; none unless they do."""

from collections.abc import Callable

from api.notices.outlets import Outlet, SmtpOutlet, WebhookOutlet
from api.settings import Settings


def outlets_of(settings: Settings) -> list[Outlet]:
    """Return the outlets that the settings ask for."""
    found: list[Outlet] = []
    if settings.smtp_host is not None and settings.smtp_sender is not None:
        password = None if settings.smtp_password is None else settings.smtp_password.get_secret_value()
        found.append(
            SmtpOutlet(
                settings.smtp_host,
                settings.smtp_port,
                settings.smtp_sender,
                tls=settings.smtp_tls,
                user=settings.smtp_user,
                password=password,
            )
        )
    if settings.webhook_url is not None:
        allow = frozenset(host.strip() for host in settings.webhook_allow.split(",") if host.strip())
        found.append(WebhookOutlet(settings.webhook_url.get_secret_value(), allow))
    return found


def links_of(settings: Settings) -> Callable[[str], str]:
    """Return what makes the link to a duty."""
    scheme = "https" if settings.is_encrypted else "http"
    host = settings.origin or f"{settings.host}:{settings.port}"
    return lambda duty: f"{scheme}://{host}/duties/{duty}"
