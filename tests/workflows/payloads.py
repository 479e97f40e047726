"""Payloads of a history, sealed as the server keeps them and opened through the codec."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from temporalio.api.common.v1 import Payload

if TYPE_CHECKING:
    from tests.workflows.office import Office


def raw_payloads(part: Any) -> list[Payload]:
    """Every payload in a part of a history's JSON form."""
    return list(_payloads(part))


async def decoded_payloads(office: Office, part: Any) -> list[Payload]:
    """The same, opened."""
    codec = office.client.data_converter.payload_codec
    assert codec is not None
    return await codec.decode(raw_payloads(part))


def _payloads(part: Any) -> Iterator[Payload]:
    if isinstance(part, dict):
        if "data" in part and isinstance(part.get("metadata"), dict):
            metadata = {name: base64.b64decode(value) for name, value in part["metadata"].items()}
            yield Payload(metadata=metadata, data=base64.b64decode(part["data"]))
            return
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _payloads(inner)
