"""An identity provider of the tests' own: OpenID Connect with RS256, which can be made hostile.

Whoever comes is signed in at once as ``person``. ``fault`` says what is wrong with what it sends.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, CLIENT_SECRET = "pmed-tests", secrets.token_hex(16)
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Provider:
    """What it says, and to whom.

    Attributes:
        codes: those that were given and not exchanged yet -> what the client asked with.
        log: paths in the order in which they were asked for.
    """

    address: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    fault: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Answer, at the same address as before."""
        port = urlsplit(self.address).port or 0
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", port), type("Speaking", (Handler,), {"provider": self})
        )
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Nobody listens there any more."""
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()

    @contextmanager
    def away(self) -> Iterator[None]:
        """It is stopped for as long, and started again."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def become(self, name: str, /, **more: Any) -> None:
        """From now on, whoever comes is that person."""
        self.fault = ""
        self.person = {
            "sub": f"s-{name}", "name": name.capitalize(), "email": f"{name}@example.org",
            "email_verified": True,
        } | more  # fmt: skip

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.address, "jwks_uri": f"{self.address}/jwks",
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "end_session_endpoint": f"{self.address}/logout",
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }  # fmt: skip

    def code(self, asked: dict[str, str]) -> str:
        """Where the browser goes back to."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"code": code, "state": asked.get("state", "")}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, asked: dict[str, str]) -> dict[str, Any] | None:
        """Whoever shows a code and the secret behind it gets an id token, once."""
        given = self.codes.get(asked.get("code", ""))
        if given is None:
            return None
        if self.fault != "code twice":
            del self.codes[asked["code"]]
        proof = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        if encoded(proof) != given.get("code_challenge"):
            return None
        told = self.id_token(given.get("nonce", ""))
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": told}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
        } | self.person | CLAIMED.get(self.fault, {})  # fmt: skip
        if self.fault == "expired":
            claims |= {"iat": now - 9000, "exp": now - 8000}
        claims = {name: value for name, value in claims.items() if value is not None}
        return FORGED.get(self.fault, signed)(claims)


CLAIMED: dict[str, dict[str, Any]] = {
    "other audience": {"aud": "somebody-else"},
    "other issuer": {"iss": "https://evil.example"},
    "no expiry": {"exp": None},
    "other nonce": {"nonce": "of-another-sign-in"},
    "no nonce": {"nonce": None},
}
HEADER = {"alg": "RS256", "kid": "one"}


def signed(claims: dict[str, Any]) -> str:
    return jwt.encode(HEADER, claims, KEY)


def not_signed(claims: dict[str, Any]) -> str:
    return f"{encoded({'alg': 'none'})}.{encoded(claims)}."


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    text = f"{encoded({'alg': 'HS256', 'kid': 'one'})}.{encoded(claims)}"
    mac = hmac.new(KEY.as_pem(private=False), text.encode(), hashlib.sha256)
    return f"{text}.{encoded(mac.digest())}"


def signed_by_another(claims: dict[str, Any]) -> str:
    return jwt.encode(HEADER, claims, OTHER_KEY)


def with_its_own_key(claims: dict[str, Any]) -> str:
    text = f"{encoded(HEADER | {'jwk': OTHER_KEY.as_dict(private=False)})}.{encoded(claims)}"
    key = OTHER_KEY.get_op_key("sign")
    return f"{text}.{encoded(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def changed_afterwards(claims: dict[str, Any]) -> str:
    head, _, end = signed(claims | {"sub": "s-nobody"}).split(".")
    return f"{head}.{encoded(claims)}.{end}"


FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "not signed": not_signed,
    "signed with the public key": signed_with_the_public_key,
    "signed by another": signed_by_another,
    "brings its own key": with_its_own_key,
    "changed afterwards": changed_afterwards,
}


class Handler(BaseHTTPRequestHandler):
    """Speaks for the provider of its class."""

    provider: Provider

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        self.provider.log.append(where.path)
        asked = {key: values[0] for key, values in parse_qs(where.query).items()}
        match where.path:
            case "/.well-known/openid-configuration":
                self._json(self.provider.discovery())
            case "/jwks":
                self._json({"keys": [KEY.as_dict(private=False)]})
            case "/authorize":
                self._go(self.provider.code(asked))
            case "/logout":
                self._go(asked["post_logout_redirect_uri"])
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = {key: values[0] for key, values in parse_qs(body).items()}
        known = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        found = self.provider.token(asked)
        if self.headers.get("Authorization") != f"Basic {known}" or found is None:
            self._json({"error": "invalid_grant"}, 400)
        else:
            self._json(found)

    def _json(self, told: dict[str, Any], status: int = 200) -> None:
        held = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(held)))
        self.end_headers()
        self.wfile.write(held)

    def _go(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *said: object) -> None:
        """Nothing: tests print what they need."""


@contextmanager
def provided() -> Iterator[Provider]:
    """One that answers until the end."""
    provider = Provider()
    provider.start()
    yield provider
    provider.stop()
