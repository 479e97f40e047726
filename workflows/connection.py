"""How our clients reach the engine: plain pydantic values, encrypted payloads, a bound on their size."""

from __future__ import annotations

import dataclasses
from typing import Any

from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes

from workflows.codec import EncryptedPayloads, PayloadKeys

LARGEST_ARGUMENT_BYTES = 64_000


class ArgumentTooLarge(ValueError):
    """An argument of more than 64 kB would poison a case: histories hold ids and hashes only."""


def data_converter(payload_keys: str) -> DataConverter:
    """The converter of every client, worker and replay."""
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=EncryptedPayloads(PayloadKeys.parse(payload_keys)),
        # Messages and stack traces of failures may quote what they failed on; they go through the codec too.
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(address: str, namespace: str, payload_keys: str, lazy: bool = False) -> Client:
    """A client with our converter; `lazy` connects at the first call."""
    return await Client.connect(
        address,
        namespace=namespace,
        data_converter=data_converter(payload_keys),
        interceptors=[SizeGuard()],
        lazy=lazy,
    )


class SizeGuard(Interceptor):
    """Refuses arguments that are too large before they leave the process."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return _Guarded(next)


class _Guarded(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        _check(input.args)
        return await super().start_workflow(input)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:
        _check(input.args)
        return await super().start_workflow_update(input)


def _check(arguments: Any) -> None:
    size = sum(len(payload.data) for payload in pydantic_data_converter.payload_converter.to_payloads(arguments))
    if size > LARGEST_ARGUMENT_BYTES:
        raise ArgumentTooLarge(f"an argument of {size} bytes; at most {LARGEST_ARGUMENT_BYTES}")
