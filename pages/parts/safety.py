"""What a hosted installation refuses to run with.

Each fault is a sentence that names the setting. ``refuse`` ends the process before it listens.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from streamlit import config
from streamlit.auth_util import get_secrets_auth_section

from pmed_core.bucket import projects
from pmed_core.engine.engines import unusable
from pmed_core.errors import UserError
from pmed_core.sealing import keys
from pmed_core.service import access
from pmed_core.settings import Settings, settings
from pmed_core.store.dialects import readable_on_the_way, shared

AUTHLIB = (1, 9)
SECRET_LENGTH, LETTERS = 32, 10
HERE = ("localhost", "127.0.0.1", "::1")
NEEDED = ("client_id", "client_secret", "server_metadata_url", "redirect_uri", "cookie_secret")
SAMPLES = ("change", "example", "secret", "xxx", "password", "your", "random")
"""What stands in the place of a secret in manuals."""
OPTIONS: Mapping[str, tuple[Any, str]] = {
    "server.enableXsrfProtection": (True, "other pages could act for whoever is signed in"),
    "server.enableCORS": (True, "pages of other addresses could read what is answered"),
    "server.enableAgentApi": (False, "it drives the app without a browser and without a sign-in"),
    "server.enableStaticServing": (False, "it serves files to whoever asks"),
    "global.developmentMode": (False, "it turns protections off"),
    "client.showErrorDetails": ("none", "details of errors may name patients"),
}
"""Option of Streamlit -> what it must be, and why."""


def refuse() -> None:
    """End the process where this installation is hosted and not safe, saying why."""
    chosen = settings()
    if not chosen.hosted:
        return
    auth = get_secrets_auth_section().to_dict()
    faults = [*faults_of(config.get_option, auth), *faults_of_settings(chosen)]
    if faults:
        told = "".join(f"  - {one}\n" for one in faults)
        sys.stderr.write(f"pmed does not run hosted (PMED_HOSTED) like this:\n{told}")
        raise SystemExit(2)


def faults_of(option: Callable[[str], Any], auth: Mapping[str, Any]) -> Iterator[str]:
    """Of the server's options, and of the section [auth] of its secrets."""
    for name, (safe, why) in OPTIONS.items():
        if option(name) != safe:
            yield f"{name} must be {str(safe).lower()}: {why}."
    if option("server.trustedUserHeaders"):
        yield "server.trustedUserHeaders must be empty: anybody can send such a header."
    hosts = option("server.allowedHosts") or []
    if not hosts or "*" in hosts:
        yield "server.allowedHosts must name the hosts under which the app is opened."
    yield from _of_sign_in(auth)


def _of_sign_in(auth: Mapping[str, Any]) -> Iterator[str]:
    if missing := [name for name in NEEDED if not auth.get(name)]:
        yield f"[auth] of secrets.toml lacks: {', '.join(missing)}."
        return
    for name in ("redirect_uri", "server_metadata_url"):
        where = urlsplit(str(auth[name]))
        if where.scheme != "https" and where.hostname not in HERE:
            yield f"[auth] {name} must begin with https: codes and cookies could be read."
    if not str(auth["redirect_uri"]).endswith("/oauth2callback"):
        yield "[auth] redirect_uri must end with /oauth2callback."
    if weak(str(auth["cookie_secret"])):
        yield (
            f"[auth] cookie_secret must be {SECRET_LENGTH} random letters or more, as "
            "'python -c \"import secrets; print(secrets.token_hex(32))\"' prints them."
        )
    if any(word in str(auth["client_secret"]).casefold() for word in SAMPLES):
        yield "[auth] client_secret is that of a manual."
    if auth.get("expose_tokens"):
        yield "[auth] expose_tokens must not be set: pages have no use for tokens."


def weak(secret: str) -> bool:
    """Whether it is short, uniform, or stands in manuals."""
    sample = any(word in secret.casefold() for word in SAMPLES)
    return len(secret) < SECRET_LENGTH or len(set(secret)) < LETTERS or sample


def faults_of_settings(chosen: Settings) -> Iterator[str]:
    """Of our own settings, and of what is installed."""
    if _authlib() < AUTHLIB:
        yield "Authlib 1.9 or newer is needed: pip install 'pmed[hosted]'."
    yield from _of_encryption(chosen)
    yield from _of_tracking(chosen)
    yield from map(str, unusable(chosen))
    unsafe = tuple(_of_database(chosen))
    yield from unsafe
    if unsafe:
        return
    administrators = any(one.administrator for one in access.accounts().users())
    if not chosen.administrator and not administrators:
        yield "PMED_ADMINISTRATOR must name the first administrator: nobody could give roles."


def _of_tracking(chosen: Settings) -> Iterator[str]:
    where = urlsplit(chosen.tracking_uri)
    secret = where.password or chosen.tracking_password or chosen.tracking_token
    if secret and where.scheme == "http" and where.hostname not in HERE:
        yield "MLFLOW_TRACKING_URI must begin with https: a password or token could be read."


def _of_database(chosen: Settings) -> Iterator[str]:
    try:
        if chosen.database and not shared(chosen.database):
            yield "PMED_DATABASE must be of PostgreSQL, or empty: a project has tables of its own."
        elif chosen.database and readable_on_the_way(chosen.database):
            yield "PMED_DATABASE must end with ?sslmode=verify-full: it could be read on its way."
        else:
            access.accounts()
        yield from _of_artefacts(chosen)
    except UserError as error:
        yield str(error)


def _of_artefacts(chosen: Settings) -> Iterator[str]:
    if not chosen.artefacts:
        return
    if not chosen.database:
        yield "PMED_ARTEFACTS needs PMED_DATABASE: machines that share files share their list."
    where = urlsplit(os.environ.get("AWS_ENDPOINT_URL", "https:"))
    if where.scheme != "https" and where.hostname not in HERE:
        yield "AWS_ENDPOINT_URL must begin with https: what is kept could be changed on its way."
    projects()


def _of_encryption(chosen: Settings) -> Iterator[str]:
    if chosen.key_file is None:
        yield (
            "PMED_KEY_FILE must name the file with the key that everything kept is encrypted with: "
            "make one with 'pmed keys make'."
        )
        return
    try:
        keys.check(chosen)
    except UserError as error:
        yield str(error)


def _authlib() -> tuple[int, ...]:
    try:
        version = metadata.version("Authlib")
    except metadata.PackageNotFoundError:
        return ()
    return tuple(int(part) for part in version.split(".")[:2])
