"""Settings: one place, safe defaults, and weak configurations refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings, WeakConfiguration, is_loopback, refuse_weak


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PLEDGER_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_serve_this_machine_only(tmp_path):
    settings = Settings()
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8080, None)
    assert settings.data == tmp_path / ".pledger"
    assert not settings.keys_folder.is_relative_to(settings.database_folder)
    refuse_weak(settings, demonstration=True)


def test_the_environment_sets_every_one(monkeypatch):
    monkeypatch.setenv("PLEDGER_PORT", "0")
    monkeypatch.setenv("PLEDGER_DATA", "/srv/pledger")
    monkeypatch.setenv("PLEDGER_DATABASE_URL", "postgresql://u:secret@h/d")
    settings = Settings()
    assert (settings.port, settings.data) == (0, Path("/srv/pledger"))
    assert "secret" not in repr(settings)


def test_keys_inside_the_database_folder_are_refused(tmp_path):
    with pytest.raises(ValidationError, match="outside the database folder"):
        Settings(data=tmp_path, keys=tmp_path / "pg" / "keys")


@pytest.mark.parametrize("origin", ["https://x.org", "a b", "a+b", ""])
def test_an_origin_is_a_plain_host(origin):
    with pytest.raises(ValidationError):
        Settings(origin=origin)


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("example.org", False),
        ("10.0.0.1", False),
    ],
)
def test_what_counts_as_this_machine(host, only_here):
    assert is_loopback(host) == only_here


def test_beyond_this_machine_it_needs_tls_or_a_proxy():
    with pytest.raises(WeakConfiguration, match="TLS"):
        refuse_weak(Settings(host="0.0.0.0"), demonstration=False)
    refuse_weak(Settings(host="0.0.0.0", proxy=True), demonstration=False)


def test_a_demonstration_never_leaves_this_machine():
    with pytest.raises(WeakConfiguration, match="demonstration"):
        refuse_weak(Settings(host="0.0.0.0", proxy=True), demonstration=True)


def test_half_a_certificate_is_refused(tmp_path):
    with pytest.raises(ValidationError, match="certificate and a key"):
        Settings(tls_certificate=tmp_path / "c.pem")
