"""A passkey made of software: what a phone would answer, so that tests can be about what we do with the answer."""

import hashlib
import json

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

FLAG = AuthenticatorData.FLAG


class Passkey:
    """One key pair, for one address, of one person."""

    def __init__(self, number=1, *, origin="http://localhost", verifies=True):
        self.id = number.to_bytes(16, "big")
        self.key = ec.derive_private_key(1000 + number, ec.SECP256R1())
        self.origin = origin
        self.rp_id = origin.partition("://")[2].partition(":")[0]
        self.flags = FLAG.UP | (FLAG.UV if verifies else FLAG(0))

    def create(self, challenge=b"x" * 32):
        """Answer to the wish for a new passkey."""
        public = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(self._rp_hash, self.flags | FLAG.AT, 0, public)
        return self._answer(
            {
                "clientDataJSON": self._client_data("webauthn.create", challenge),
                "attestationObject": AttestationObject.create("none", data, {}),
            }
        )

    def get(self, challenge, user):
        """Answer to the wish to see it."""
        data = AuthenticatorData.create(self._rp_hash, self.flags, 1)
        said = self._client_data("webauthn.get", challenge)
        signed = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        handle = _base36(user.pk).encode()
        return self._answer(
            {"clientDataJSON": said, "authenticatorData": data, "signature": signed, "userHandle": handle}
        )

    def belongs_to(self, staff, name="Blue key"):
        """Store it as somebody's."""
        data = {"name": name, "credential": json.loads(self.create())}
        return Authenticator.objects.create(user=staff, type="webauthn", data=data)

    @property
    def _rp_hash(self):
        return hashlib.sha256(self.rp_id.encode()).digest()

    def _client_data(self, kind, challenge):
        said = {"type": kind, "challenge": websafe_encode(challenge), "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, response):
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "response": {name: websafe_encode(bytes(value)) for name, value in response.items()},
                "clientExtensionResults": {"credProps": {"rk": True}},
            }
        )


def challenge_in(options):
    """Return what a page asks a passkey to sign."""
    return websafe_decode(options["publicKey"]["challenge"])


def _base36(number):
    from django.utils.http import int_to_base36

    return int_to_base36(number)
