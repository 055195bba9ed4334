"""Settings: every environment variable of the service in one place, and what is refused at start."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LEDGER_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"
DATABASE_FOLDER = "pg"
SERVICE_FILE = "service.json"  # in the data folder: where the service listens
LedgerName = Annotated[str, Field(pattern=LEDGER_PATTERN)]


class WeakConfiguration(Exception):
    """The service would start in a way that exposes people's records; the message says what to set."""


class Settings(BaseSettings):
    """Read from `PLEDGER_…` variables; the command line sets the same names."""

    model_config = SettingsConfigDict(env_prefix="PLEDGER_", extra="ignore", frozen=True, hide_input_in_errors=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data: Annotated[Path, AfterValidator(Path.absolute)] = Field(
        default=Path(".pledger"), validate_default=True, description="Data folder."
    )
    keys: Path | None = Field(default=None, description="Folder of keys and signer; <data>/secrets if absent.")
    signed: Path | None = Field(
        default=None, description="Folder of a signer that runs by itself; signing in this process if absent."
    )
    witness_policy: Path | None = Field(
        default=None, description="Whose cosignatures count, and where they are asked (C2SP tlog-policy)."
    )
    time_stamp_url: str | None = Field(default=None, description="Time-stamping authority (RFC 3161); none if absent.")
    time_stamp_every_s: int = Field(default=86_400, ge=1, description="Seconds from one time stamp to the next.")
    database_url: SecretStr | None = Field(default=None, description="PostgreSQL to use; embedded if absent.")
    ledger: LedgerName | None = Field(default=None, description="The one ledger to serve; all of them if absent.")
    origin: str | None = Field(
        default=None, description="Public host for origins and links, as in pledger.example.org."
    )
    proxy: bool = Field(default=False, description="A proxy that ends TLS stands before this service.")
    tls_certificate: Path | None = Field(default=None, description="PEM file with the certificate chain.")
    tls_key: Path | None = Field(default=None, description="PEM file with the private key.")
    rules: bool = Field(default=True, description="Open and end duties by the standing matrix.")
    smtp_host: str | None = Field(
        default=None, description="Mail server that notices of duties are handed to; no e-mail if absent."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    smtp_sender: str | None = Field(default=None, description="Address that e-mails come from; needed for e-mail.")
    smtp_tls: bool = Field(default=True, description="Insist on STARTTLS with the mail server.")
    smtp_user: str | None = Field(default=None, description="User at the mail server; none if absent.")
    smtp_password: SecretStr | None = Field(default=None, description="Password at the mail server.")
    webhook_url: SecretStr | None = Field(
        default=None, description="Address that notices of duties are posted to as JSON; none if absent."
    )
    webhook_allow: str = Field(
        default="", description="Hosts inside the network that the webhook may lead to, separated by commas."
    )
    key_epoch_days: int | None = Field(
        default=None, ge=1, description="Days after which data keys are wrapped by a new key; when ordered if absent."
    )
    key_kept_days: int = Field(
        default=30, ge=0, description="Days for which the former key is kept then, for backups to be restored."
    )
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$", description="Least level logged.")

    @field_validator("origin")
    @classmethod
    def _host_only(cls, value: str | None) -> str | None:
        if value is not None and (not value or any(c.isspace() or c == "+" for c in value) or urlsplit(value).scheme):
            raise ValueError("an origin is a host without scheme, spaces or plus")
        return value

    @model_validator(mode="after")
    def _keys_apart(self) -> "Settings":
        if self.keys_folder.is_relative_to(self.database_folder):
            raise ValueError("keys stand outside the database folder")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("TLS needs a certificate and a key")
        if self.smtp_host is not None and self.smtp_sender is None:
            raise ValueError("e-mail needs a sender")
        return self

    @property
    def keys_folder(self) -> Path:
        """Where keys and signer state live: never inside the database folder."""
        return (self.keys or self.data / "secrets").absolute()

    @property
    def database_folder(self) -> Path:
        """Where the embedded PostgreSQL keeps its files."""
        return self.data / DATABASE_FOLDER

    @property
    def witnessed_folder(self) -> Path:
        """Where cosigned checkpoints and time stamps are kept."""
        return self.data / "witnessed"

    @property
    def is_encrypted(self) -> bool:
        """Tell whether callers reach the service through TLS."""
        return self.proxy or self.tls_certificate is not None


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches the host. A name other than localhost counts as reachable."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_weak(settings: Settings, *, demonstration: bool) -> None:
    """Raise WeakConfiguration for an address beyond this machine without TLS or proxy, or with a demonstration."""
    if is_loopback(settings.host):
        return
    if demonstration:
        raise WeakConfiguration("a demonstration ledger is served on this machine only: its tokens lie in a file")
    if not settings.is_encrypted:
        raise WeakConfiguration(
            "beyond this machine the service needs TLS: set PLEDGER_TLS_CERTIFICATE or PLEDGER_PROXY"
        )
