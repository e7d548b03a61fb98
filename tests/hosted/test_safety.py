"""A hosted installation does not start with a setting that is not safe, and says which."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pages.parts.safety import faults_of, faults_of_settings, weak
from pmed_core.sealing import keys
from pmed_core.settings import settings
from pmed_core.store.dialects import readable_on_the_way

SAFE = {
    "server.enableXsrfProtection": True, "server.enableCORS": True, "server.enableAgentApi": False,
    "server.enableStaticServing": False, "global.developmentMode": False,
    "client.showErrorDetails": "none", "server.trustedUserHeaders": {},
    "server.allowedHosts": ["pmed.example.org"],
}  # fmt: skip
AUTH = {
    "client_id": "pmed", "client_secret": "b6c0f7d1a2", "cookie_secret": secrets.token_hex(32),
    "redirect_uri": "https://pmed.example.org/oauth2callback",
    "server_metadata_url": "https://id.example.org/.well-known/openid-configuration",
}  # fmt: skip


def faults(options: dict[str, Any] | None = None, **auth: Any) -> list[str]:
    return list(faults_of((SAFE | (options or {})).__getitem__, AUTH | auth))


def test_what_the_documentation_says_is_safe() -> None:
    assert faults() == []
    assert faults(redirect_uri="http://localhost:8501/oauth2callback") == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("server.enableXsrfProtection", False), ("server.enableCORS", False),
        ("server.enableAgentApi", True), ("server.enableStaticServing", True),
        ("global.developmentMode", True), ("client.showErrorDetails", "full"),
        ("server.trustedUserHeaders", {"X-User": "email"}), ("server.allowedHosts", ["*"]),
        ("server.allowedHosts", []),
    ],
)  # fmt: skip
def test_an_unsafe_option_of_the_server_is_named(option: str, value: object) -> None:
    (said,) = faults({option: value})
    assert said.startswith(option)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redirect_uri", "http://pmed.example.org/oauth2callback"),
        ("redirect_uri", "http://localhost.evil.example/oauth2callback"),
        ("redirect_uri", "https://pmed.example.org/"),
        ("server_metadata_url", "http://id.example.org/.well-known/openid-configuration"),
        ("cookie_secret", ""), ("cookie_secret", "a" * 64), ("cookie_secret", "0123456789abcdef"),
        ("cookie_secret", "change-me-0123456789abcdefghijklmnop"), ("client_secret", ""),
        ("client_secret", "your-client-secret"), ("client_id", ""), ("expose_tokens", "id"),
    ],
)  # fmt: skip
def test_an_unsafe_setting_of_signing_in_is_named(name: str, value: Any) -> None:
    (said,) = faults(**{name: value})
    assert name in said
    assert not value or len(str(value)) < 12 or str(value) not in said, "no secret is printed"


def test_secrets_that_are_random_are_strong() -> None:
    assert not any(weak(secrets.token_hex(32)) for _ in range(200))


@pytest.mark.usefixtures("online")
def test_unsafe_settings_of_our_own_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ["PMED_KEY_FILE" in one for one in faults_of_settings(settings())] == [True]
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    settings.cache_clear()
    assert ["cannot be read" in one for one in faults_of_settings(settings())] == [True]
    keys.make(tmp_path / "master.key")
    assert list(faults_of_settings(settings())) == []
    monkeypatch.setenv("PMED_ADMINISTRATOR", "")
    monkeypatch.setattr("pages.parts.safety.metadata.version", lambda name: "1.8.2")
    settings.cache_clear()
    told = " ".join(faults_of_settings(settings()))
    assert all(name in told for name in ("PMED_ADMINISTRATOR", "Authlib 1.9"))


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("sqlite:////srv/one-for-all.sqlite", "must be of PostgreSQL"),
        ("mysql://u:hold-this-back@h/d", "must be of PostgreSQL"),
        ("postgresql://u:hold-this-back@db.example.org/d", "sslmode=verify-full"),
        ("postgresql://u:hold-this-back@/d?host=db.example.org&sslmode=prefer", "sslmode"),
        ("postgresql://u:hold-this-back@127.0.0.1:1/d", "does not answer"),
        ("postgresql://u:hold-this-back@127.0.0.1:no/d", "no address of a database"),
    ],
)
def test_a_database_that_is_not_safe_or_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str, said: str
) -> None:
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.setenv("PMED_DATABASE", database)
    monkeypatch.setenv("PMED_DATABASE_WAIT_SECONDS", "0")
    settings.cache_clear()
    (told,) = faults_of_settings(settings())
    assert "PMED_DATABASE" in told
    assert said in told
    assert "hold-this-back" not in told + repr(settings())


@pytest.mark.parametrize(
    ("environment", "database", "readable"),
    [
        ({}, "postgresql:///pmed", False),
        ({"PGHOST": "db.example.org"}, "postgresql:///pmed", True),
        ({"PGHOST": "db.example.org", "PGSSLMODE": "verify-full"}, "postgresql:///pmed", False),
        ({"PGHOST": "db.example.org"}, "postgresql://localhost/pmed", False),
        ({"PGHOSTADDR": "192.0.2.1"}, "postgresql://localhost/pmed", True),
        ({}, "postgresql://localhost/pmed?service=wards", True),
        ({"PGHOST": "/run/postgresql"}, "postgresql:///pmed?sslmode=disable", False),
    ],
)
def test_where_a_database_is_may_stand_in_the_environment(
    environment: dict[str, str], database: str, readable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert readable_on_the_way(database) == readable


@pytest.mark.parametrize(
    ("address", "token", "refused"),
    [
        ("http://mlflow.example", "abc", True),
        ("http://ann:abc@mlflow.example", "", True),
        ("http://mlflow.example", "", False),
        ("http://localhost:5000", "abc", False),
        ("https://ann:abc@mlflow.example", "", False),
    ],
)
def test_no_secret_goes_to_a_tracking_server_in_the_clear(
    address: str, token: str, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
    settings.cache_clear()
    told = " ".join(faults_of_settings(settings()))
    assert ("MLFLOW_TRACKING_URI" in told) == refused
    assert "abc" not in told


@pytest.mark.usefixtures("online")
def test_an_object_store_that_is_not_safe_or_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.setenv("PMED_ARTEFACTS", "s3://wards/pmed")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hold-this-back")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://objects.example.org")
    monkeypatch.setattr("pages.parts.safety.projects", lambda: ())
    monkeypatch.setattr("pmed_core.sealing.keys.bucket.projects", lambda: ())
    settings.cache_clear()
    told = list(faults_of_settings(settings()))
    assert ["needs PMED_DATABASE" in one for one in told] == [True, False]
    assert "AWS_ENDPOINT_URL must begin with https" in told[1]


def test_the_server_ends_before_it_listens(tmp_path: Path) -> None:
    environment = os.environ | {
        "PMED_HOSTED": "1", "PMED_HOME": str(tmp_path), "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_SECRETS_FILES": str(tmp_path / "none.toml"),
        "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false",
    }  # fmt: skip
    command = [sys.executable, "-m", "pmed_core", "app", "--port", "0"]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert "server.enableXsrfProtection must be true" in ended.stderr
    assert "[auth] of secrets.toml lacks" in ended.stderr
