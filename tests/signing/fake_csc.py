"""A stand-in for a remote signing service by the Cloud Signature Consortium's API, 1.0.4 and 2.0, on the loopback.

It keeps the specification's shapes, error sentences and rules: OAuth 2.0 client credentials, credentials found by user,
activation data that is bound to hashes (SCAL2), ends, and is spent once. Its keys are the demonstration authority's.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import encode_basic_auth, web
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

from tests.signing.workshop import Workshop

MARK = "CONTOH - bukan layanan tanda tangan"
CLIENT_ID, CLIENT_SECRET = "instalasi-contoh", "rahasia-instalasi"
CODE = "135790"
SHA256_OID = "2.16.840.1.101.3.4.2.1"
RSA_OID, SHA256_RSA_OID = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"


class Fault(StrEnum):
    """What the stand-in does wrong when told to."""

    SIGN_500 = "500 at signHash"
    AUTHORIZE_500 = "500 at authorize"
    HANG_AT_SIGN = "timeout at signHash"
    DROP_AT_SIGN = "connection lost at signHash"
    SAD_EXPIRED = "SAD expired once"
    SAD_ALWAYS_EXPIRED = "SAD expired always"
    LOCKED = "locked"
    TOO_FEW = "too few signatures"
    WRONG_HASH = "signs another hash"
    GARBAGE = "garbage"
    TOKEN_ENDED = "access token ended once"
    CONFIRM = "waits for the officer's other device"


@dataclass
class FakeCsc:
    """The service and what it has seen."""

    workshop: Workshop
    users: dict[str, str]  # signer id of the demonstration authority by user id
    pin: str
    multisign: int = 20
    algorithms: tuple[str, ...] = (RSA_OID, SHA256_RSA_OID)
    key_status: str = "enabled"
    cert_status: dict[str, str] = field(default_factory=dict)  # by user id; valid where nothing is said
    fault: Fault | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)  # path and number of hashes
    code_sent: bool = False
    _tokens: set[str] = field(default_factory=set)
    _activations: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    _handles: dict[str, str] = field(default_factory=dict)

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        for version in ("v1", "v2"):
            at = f"/csc/{version}"
            app.router.add_post(f"{at}/oauth2/token", self._token)
            app.router.add_post(f"{at}/credentials/list", self._list)
            app.router.add_post(f"{at}/credentials/info", self._info)
            app.router.add_post(f"{at}/credentials/authorize", self._authorize)
            app.router.add_post(f"{at}/signatures/signHash", self._sign)
        app.router.add_post("/csc/v1/credentials/sendOTP", self._send_code)
        app.router.add_post("/csc/v2/credentials/getChallenge", self._challenge)
        app.router.add_post("/csc/v2/credentials/authorizeCheck", self._check)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.endswith("/oauth2/token"):
            bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if self.fault is Fault.TOKEN_ENDED:
                self.fault = None
                self._tokens.clear()
            if bearer not in self._tokens:
                return _error("invalid_token", "The access token is not valid", 401)
        answer: web.StreamResponse = await handler(request)
        answer.headers["X-Stand-In"] = MARK
        return answer

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if request.headers.get("Authorization") != encode_basic_auth(CLIENT_ID, CLIENT_SECRET, "utf-8"):
            return _error("invalid_client", "Client authentication failed", 401)
        assert form["grant_type"] == "client_credentials" and form["scope"] == "service"
        token = secrets.token_urlsafe()
        self._tokens.add(token)
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    async def _list(self, request: web.Request) -> web.Response:
        body = await request.json()
        user = body.get("userID")
        if user not in self.users:
            return _error("invalid_request", "Invalid parameter userID")
        return web.json_response({"credentialIDs": [f"KRED-{user}"]})

    async def _info(self, request: web.Request) -> web.Response:
        body = await request.json()
        user = str(body.get("credentialID", "")).removeprefix("KRED-")
        if user not in self.users:
            return _error("invalid_request", "Invalid parameter credentialID")
        material = self.workshop.material()
        chain = [self.workshop.pki.certificate(self.users[user]), *(each.dump() for each in material.intermediates)]
        told: dict[str, Any] = {
            "key": {"status": self.key_status, "algo": list(self.algorithms), "len": 3072},
            "cert": {
                "status": self.cert_status.get(user, "valid"),
                "certificates": [base64.b64encode(each).decode() for each in chain],
            },
            "multisign": self.multisign,
            "SCAL": "2",
            "lang": "id-ID",
        }
        if _is_v1(request):
            told |= {
                "authMode": "explicit",
                "PIN": {"presence": "optional", "format": "A", "label": "PIN"},
                "OTP": {"presence": "optional", "type": "online", "format": "N", "ID": "sms", "provider": "contoh"},
            }
        else:
            told["auth"] = {
                "mode": "explicit",
                "expression": "PIN-1 OR OTP-1",
                "objects": [
                    {"type": "Password", "id": "PIN-1", "format": "A", "label": "PIN"},
                    {"type": "Password", "id": "OTP-1", "format": "N", "generator": "totp", "label": "Kode"},
                ],
            }
        return web.json_response(told)

    async def _send_code(self, request: web.Request) -> web.Response:
        assert (await request.json())["credentialID"].startswith("KRED-")
        self.code_sent = True
        return web.Response(status=204)

    async def _challenge(self, request: web.Request) -> web.Response:
        if (await request.json()).get("authObjectID") != "OTP-1":
            return _error("invalid_request", "Invalid parameter authObjectID")
        self.code_sent = True
        return web.Response(status=204)

    async def _authorize(self, request: web.Request) -> web.Response:
        body = await request.json()
        hashes = tuple(body["hash"] if _is_v1(request) else body["hashes"])
        self.asked.append(("authorize", len(hashes)))
        if self.fault is Fault.AUTHORIZE_500:
            return _error("server_error", "The authorization server encountered an unexpected condition", 500)
        if body["numSignatures"] != len(hashes) or len(hashes) > self.multisign:
            return _error("invalid_request", "Numbers of signatures is too high")
        if self.key_status != "enabled":
            return _error("invalid_request", "The credential identified by credentialID is disabled")
        if self.fault is Fault.LOCKED:
            return _error("invalid_request", "PIN locked" if _is_v1(request) else "Credential locked")
        if refused := self._wrong_secret(body, _is_v1(request)):
            return refused
        activation = secrets.token_urlsafe()
        self._activations[activation] = (body["credentialID"], hashes)
        if self.fault is Fault.CONFIRM and not _is_v1(request):
            handle = secrets.token_urlsafe()
            self._handles[handle] = activation
            return web.json_response({"handle": handle}, status=202)
        return web.json_response({"SAD": activation, "expiresIn": 300})

    async def _check(self, request: web.Request) -> web.Response:
        return web.json_response({"SAD": self._handles.pop((await request.json())["handle"])})

    def _wrong_secret(self, body: dict[str, Any], is_v1: bool) -> web.Response | None:
        given = body if is_v1 else {each["id"].removesuffix("-1"): each["value"] for each in body["authData"]}
        if "PIN" in given and given["PIN"] != self.pin:
            if is_v1:
                return _error("invalid_pin", "The PIN is invalid")
            return _error("invalid_authentication_data", "The authentication data is invalid")
        if "OTP" in given and (given["OTP"] != CODE or not self.code_sent):
            if is_v1:
                return _error("invalid_otp", "The OTP is invalid")
            return _error("invalid_authentication_data", "The authentication data is invalid")
        if "OTP" in given:
            self.code_sent = False
        return None

    async def _sign(self, request: web.Request) -> web.Response:
        body = await request.json()
        is_v1 = _is_v1(request)
        hashes = tuple(body["hash"] if is_v1 else body["hashes"])
        self.asked.append(("signHash", len(hashes)))
        granted = self._activations.pop(body["SAD"], None)
        if self.fault in (Fault.SAD_EXPIRED, Fault.SAD_ALWAYS_EXPIRED):
            self.fault = self.fault if self.fault is Fault.SAD_ALWAYS_EXPIRED else None
            return _error("invalid_request", "SAD expired")
        if granted is None or granted[0] != body["credentialID"]:
            return _error("invalid_request", "Invalid parameter SAD")
        if granted[1] != hashes:
            return _error("invalid_request", "Hash is not authorized by the SAD")
        if body["hashAlgo" if is_v1 else "hashAlgorithmOID"] != SHA256_OID or body["signAlgo"] not in self.algorithms:
            return _error("invalid_request", "Invalid parameter signAlgo")
        if self.fault is Fault.SIGN_500:
            return _error("server_error", "The remote service encountered an unexpected condition", 500)
        if self.fault is Fault.HANG_AT_SIGN:
            await asyncio.sleep(60)
        if self.fault is Fault.DROP_AT_SIGN:
            assert request.transport is not None
            request.transport.close()
        if self.fault is Fault.GARBAGE:
            return web.Response(text="{", content_type="application/json")
        signatures = [self._raw(body["credentialID"].removeprefix("KRED-"), each) for each in hashes]
        if self.fault is Fault.TOO_FEW:
            signatures.pop()
        return web.json_response({"signatures": signatures})

    def _raw(self, user: str, hashed: str) -> str:
        digest = base64.b64decode(hashed)
        if self.fault is Fault.WRONG_HASH:
            digest = digest[::-1]
        key = self.workshop.signer(self.users[user])._key
        assert isinstance(key, rsa.RSAPrivateKey) and len(digest) == 32
        return base64.b64encode(key.sign(digest, padding.PKCS1v15(), utils.Prehashed(SHA256()))).decode()


def _is_v1(request: web.Request) -> bool:
    return request.path.startswith("/csc/v1/")


def _error(error: str, sentence: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": sentence}, status=status)
