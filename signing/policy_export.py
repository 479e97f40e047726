"""Writes a policy that travels: policy.json with its anchors, intermediates and CRLs beside it, everything relative."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from asn1crypto import pem

from signing.errors import PolicyUnreadable, ProviderUnavailable
from signing.material import CRLS, INTERMEDIATES, ROOTS, TrustMaterial
from signing.policy import Policy
from signing.port import HEAD_FIELD
from signing.verdict import Level

POLICY_FILE, EXPORTED_INTERMEDIATES = "policy.json", "interm.pem"


def export_policy(
    folder: Path,
    pki_dir: Path,
    signers: Mapping[str, str | Sequence[str]],
    *,
    head_field: str = HEAD_FIELD,
    min_level: Level = Level.B_T,
) -> Path:
    """Write policy.json, root.pem, interm.pem and crls.pem into `folder` and return the path of policy.json.

    `pki_dir` is a folder as SIGNING_PKI_DIR names it; `signers` maps a field to the sha256 (hex) of one certificate or
    several. Raises ProviderUnavailable when `pki_dir` cannot be read, PolicyUnreadable when the result is no policy.
    """
    material = TrustMaterial(pki_dir)
    material.refresh()
    folder.mkdir(parents=True, exist_ok=True)
    bundles = {
        ROOTS: [("CERTIFICATE", item.dump()) for item in material.roots],
        EXPORTED_INTERMEDIATES: [("CERTIFICATE", item.dump()) for item in material.intermediates],
        CRLS: [("X509 CRL", item.dump()) for item in material.crls],
    }
    for name, blocks in bundles.items():
        (folder / name).write_bytes(b"".join(pem.armor(kind, der) for kind, der in blocks))
    policy = {
        "trust": [ROOTS],
        "intermediates": [EXPORTED_INTERMEDIATES],
        "crls": [CRLS],
        "signers": {name: value if isinstance(value, str) else list(value) for name, value in signers.items()},
        "head_field": head_field,
        "min_level": min_level.value,
    }
    path = folder / POLICY_FILE
    path.write_text(json.dumps(policy, indent=1) + "\n")
    Policy.from_file(path)
    return path


__all__ = ["INTERMEDIATES", "PolicyUnreadable", "ProviderUnavailable", "export_policy"]
