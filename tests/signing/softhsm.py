"""A real PKCS#11 token for tests: SoftHSM2, with the demonstration officers' keys in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pkcs11
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pkcs11 import Attribute, CertificateType, ObjectClass
from pkcs11.util.rsa import decode_rsa_private_key

from tests.signing.workshop import Workshop

PLACES = ("/usr/lib/softhsm", "/usr/lib/*/softhsm", "/usr/local/lib/softhsm", "/usr/lib64/pkcs11", "/usr/lib64/softhsm")
SO_PIN = "pin-petugas-keamanan"


def module_path() -> Path:
    """Where the distribution keeps SoftHSM2's module."""
    found = [path for place in PLACES for path in Path("/").glob(f"{place[1:]}/libsofthsm2.so")]
    assert found, "libsofthsm2.so is needed: install the package softhsm2"
    return found[0]


@dataclass
class SoftHsm:
    """One process has one SoftHSM2 for all its life: its configuration is read when the module is loaded."""

    module: Path
    _only: ClassVar[SoftHsm | None] = None

    @classmethod
    def install(cls, folder: Path) -> SoftHsm:
        """The process's SoftHSM2; the first call puts its tokens into `folder`."""
        if cls._only is None:
            cls._only = cls._installed(folder)
        return cls._only

    @classmethod
    def _installed(cls, folder: Path) -> SoftHsm:
        (folder / "tokens").mkdir()
        conf = folder / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(conf)
        return cls(module_path())

    def add_token(self, label: str, pin: str, workshop: Workshop, officers: Sequence[str]) -> None:
        """A token with key and certificate of each officer, under the officer's id."""
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", SO_PIN]
        subprocess.run(command, check=True, capture_output=True)
        library = pkcs11.lib(str(self.module))
        library.reinitialize()  # slots are counted when the module starts
        with library.get_token(token_label=label).open(rw=True, user_pin=pin) as session:
            for number, officer in enumerate(officers, start=1):
                key = workshop.signer(officer)._key
                assert isinstance(key, rsa.RSAPrivateKey)
                pkcs1 = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
                shared = {Attribute.TOKEN: True, Attribute.LABEL: officer, Attribute.ID: bytes([number])}
                session.create_object(
                    {**decode_rsa_private_key(pkcs1), **shared, Attribute.PRIVATE: True, Attribute.SENSITIVE: True}
                )
                session.create_object(
                    {
                        **shared,
                        Attribute.CLASS: ObjectClass.CERTIFICATE,
                        Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                        Attribute.PRIVATE: False,
                        Attribute.SUBJECT: workshop.signer(officer).signing_cert.subject.dump(),
                        Attribute.VALUE: workshop.pki.certificate(officer),
                    }
                )
