"""Signing in at an OpenID provider: authorisation code with PKCE, state and nonce; the board knows whom a subject stands for.

What has to be remembered between the two requests lies sealed in a cookie of ten minutes, not in memory: any process may
answer the second one.
"""

from __future__ import annotations

import json
import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import APIRouter, HTTPException
from fastapi.responses import RedirectResponse, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from portal.portal import Portal
from portal.settings import Oidc
from portal.sign_in.before import AtDoor, Door, enter, keep
from portal.words import LANGUAGES

router = APIRouter()
REMEMBERED, SECONDS, PATIENCE = "naru_oidc", 600, 10.0
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]


class NotProven(Exception):
    """The provider did not say who it is, or not so that we may believe it."""


@router.get("/sign-in/oidc")
def start(door: AtDoor) -> Response:
    """Send the browser to the provider."""
    oidc = _oidc(door.portal)
    try:
        known = discovered(oidc)
    except (NotProven, httpx2.HTTPError):
        return _no(door)
    verifier, nonce = generate_token(64), generate_token(32)
    client = _client(door.portal, oidc)
    goal, state = client.create_authorization_url(
        known["authorization_endpoint"], code_verifier=verifier, nonce=nonce, prompt="login"
    )
    answer = RedirectResponse(goal, 303)
    told = {"state": state, "nonce": nonce, "verifier": verifier, "at": int(time.time())}
    keep(answer, door.portal, REMEMBERED, _seal(door.portal.settings.key, told), SECONDS)
    return answer


@router.get("/sign-in/oidc/back")
def back(door: AtDoor) -> Response:
    """The provider sends the browser back: check everything, then let in whoever the board knows."""
    portal, oidc = door.portal, _oidc(door.portal)
    told = _unseal(portal.settings.key, door.request.cookies.get(REMEMBERED, ""))
    try:
        subject = proven(portal, oidc, told, str(door.request.url))
    except (NotProven, httpx2.HTTPError, AuthlibBaseError, JoseError, ValueError, KeyError):
        return _no(door)
    account = portal.board.accounts.of_oidc(f"{oidc.issuer}|{subject}")
    if account is None or not account.active:
        return door.page("sign_in.html", 403, error=door.say("error.oidc.unknown"), person="")
    cookie = portal.board.sessions.begin(account.person, "openid", whole=True)
    answer = enter(portal, RedirectResponse("/", 303), cookie)
    answer.delete_cookie(REMEMBERED)
    if account.lang in LANGUAGES and account.lang != "ko":
        keep(answer, portal, "naru_lang", account.lang, 31_536_000)
    return answer


def proven(portal: Portal, oidc: Oidc, told: dict[str, Any] | None, address: str) -> str:
    """Exchange the code and verify the ID token; give the subject. Raises NotProven, and what the libraries raise."""
    if told is None or time.time() - told["at"] > SECONDS:
        raise NotProven
    known = discovered(oidc)
    with _client(portal, oidc) as client:
        ours = f"{portal.settings.address}/sign-in/oidc/back?{address.partition('?')[2]}"
        token = client.fetch_token(
            known["token_endpoint"],
            authorization_response=ours,
            state=told["state"],
            code_verifier=told["verifier"],
        )
    keys = KeySet.import_key_set(httpx2.get(known["jwks_uri"], timeout=PATIENCE).raise_for_status().json())
    claims = jwt.decode(token["id_token"], keys, algorithms=ALGORITHMS).claims
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": oidc.issuer},
        sub={"essential": True},
        exp={"essential": True},
        nonce={"essential": True, "value": told["nonce"]},
        leeway=60,
    ).validate(claims)
    audience = claims.get("aud")
    if oidc.client_id not in ([audience] if isinstance(audience, str) else list(audience or ())):
        raise NotProven
    return str(claims["sub"])


def discovered(oidc: Oidc) -> dict[str, Any]:
    """Read the provider's own description. Raises NotProven when it names another issuer than ours."""
    found = httpx2.get(f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration", timeout=PATIENCE)
    known: dict[str, Any] = found.raise_for_status().json()
    if known.get("issuer") != oidc.issuer:
        raise NotProven
    return known


def _client(portal: Portal, oidc: Oidc) -> OAuth2Client:
    return OAuth2Client(
        oidc.client_id,
        oidc.client_secret,
        scope="openid",
        redirect_uri=f"{portal.settings.address}/sign-in/oidc/back",
        code_challenge_method="S256",
        timeout=PATIENCE,
    )


def _oidc(portal: Portal) -> Oidc:
    if portal.settings.oidc is None:
        raise HTTPException(404)
    return portal.settings.oidc


def _no(door: Door) -> Response:
    return door.page("sign_in.html", 401, error=door.say("error.oidc"), person="")


def _seal(key: bytes, told: dict[str, Any]) -> str:
    nonce = os.urandom(12)
    return urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, json.dumps(told).encode(), b"oidc")).decode()


def _unseal(key: bytes, sealed: str) -> dict[str, Any] | None:
    try:
        raw = urlsafe_b64decode(sealed.encode())
        found: dict[str, Any] = json.loads(AESGCM(key).decrypt(raw[:12], raw[12:], b"oidc"))
    except (ValueError, InvalidTag):
        return None
    return found
