"""What the demonstration authority consists of, in certomancer's terms: names, keys, certificates and services.

Certificates already written to the folder are served from there; the rest are issued from this layout.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from certomancer.registry import ArchLabel, PKIArchitecture
from certomancer.registry.config import CertomancerConfig

ARCH = "contoh"
MARK = "CONTOH - bukan BSrE"
AUTHORITIES = ("root", "intermediate")
SERVICES = ("tsa", "ocsp-root", "ocsp-intermediate")


def architecture(folder: Path, state: dict[str, Any]) -> PKIArchitecture:
    """The authority whose state is `state` and whose keys and certificates lie in `folder`."""
    configuration = {
        "keysets": {ARCH: {"path-prefix": "keys", "keys": _key_entries(state)}},
        "pki-architectures": {
            ARCH: {
                "keyset": ARCH,
                "entity-defaults": {"country-name": "ID", "organization-name": MARK},
                "entities": _entity_entries(state),
                "certs": _certificate_entries(folder, state),
                "services": {
                    "ocsp": {
                        issuer: {"for-issuer": issuer, "responder-cert": f"ocsp-{issuer}"} for issuer in AUTHORITIES
                    },
                    "crl-repo": {
                        issuer: {"for-issuer": issuer, "signing-key": issuer, "simulated-update-schedule": "P800D"}
                        for issuer in AUTHORITIES
                    },
                    "time-stamping": {"tsa": {"signing-cert": "tsa", "certs-to-embed": ["intermediate"]}},
                },
            }
        },
    }
    config = CertomancerConfig(
        configuration, key_search_dir=str(folder), lazy_load_keys=True, config_search_dir=str(folder)
    )
    return config.get_pki_arch(ArchLabel(ARCH))


def _key_entries(state: dict[str, Any]) -> dict[str, Any]:
    entries: dict[str, Any] = {label: {"path": f"{label}.pem"} for label in (*AUTHORITIES, *SERVICES)}
    for signer_id in state["officers"]:
        entries[signer_id] = {"path": f"{signer_id}.pub.pem", "public-only": True}
    return entries


def _entity_entries(state: dict[str, Any]) -> dict[str, Any]:
    unit = f"Instalasi {state['installation']}"
    names = {
        "root": "Otoritas Induk Contoh",
        "intermediate": "Otoritas Penerbit Contoh",
        "tsa": "Layanan Segel Waktu Contoh",
        "ocsp-root": "OCSP Induk Contoh",
        "ocsp-intermediate": "OCSP Penerbit Contoh",
    }
    entries = {label: {"organizational-unit-name": unit, "common-name": name} for label, name in names.items()}
    for signer_id, officer in state["officers"].items():
        entries[signer_id] = {"organizational-unit-name": unit, "common-name": officer["name"]}
    return entries


def _certificate_entries(folder: Path, state: dict[str, Any]) -> dict[str, Any]:
    began = datetime.fromisoformat(state["began"])

    def entry(label: str, issuer: str, years: int, **more: Any) -> dict[str, Any]:
        until = began + timedelta(days=365 * years)
        found: dict[str, Any] = {
            "issuer": issuer,
            "serial": state["serials"][label],
            "validity": {"valid-from": began.isoformat(), "valid-to": until.isoformat()},
            **more,
        }
        if (folder / "certs" / f"{label}.pem").exists():
            found["certificate-file"] = f"certs/{label}.pem"
        return found

    entries = {
        "root": entry("root", "root", 25, profiles=[{"id": "simple-ca"}]),
        "intermediate": entry(
            "intermediate", "root", 20, profiles=[{"id": "simple-ca", "params": {"max-path-len": 0}}]
        ),
        "tsa": entry(
            "tsa",
            "intermediate",
            15,
            profiles=["digsig-commitment"],
            extensions=[{"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]}],
        ),
        "ocsp-root": entry("ocsp-root", "root", 15, profiles=["ocsp-responder"]),
        "ocsp-intermediate": entry("ocsp-intermediate", "intermediate", 15, profiles=["ocsp-responder"]),
    }
    for signer_id, officer in state["officers"].items():
        more: dict[str, Any] = {"profiles": ["digsig-commitment"]}
        if signer_id in state["revoked"]:
            revoked = state["revoked"][signer_id]
            more["revocation"] = {"revoked-since": revoked["since"], "reason": revoked["reason"]}
        entries[signer_id] = entry(signer_id, "intermediate", 5, **more)
        entries[signer_id]["validity"] = {"valid-from": officer["valid_from"], "valid-to": officer["valid_to"]}
    return entries
