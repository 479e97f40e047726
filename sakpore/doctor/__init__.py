"""`sakpore doctor`: looks at an installation and says in plain words what is well and what is not. Changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from sakpore.doctor import keys, machine, servers
from sakpore.doctor.findings import Finding, Level, Patient
from sakpore.doctor.where import patient as find_patient

WELL, ILL, NOBODY = 0, 1, 2
"""Exit codes: no fault; a fault; nothing to look at."""


def doctor(data: Path, environment: Mapping[str, str], as_json: bool, say: Callable[[str], None]) -> int:
    """Prints one line a finding. Returns 0 without a fault (warnings are none), 1 with one, 2 where nothing is found.

    Args:
        data: folder of `sakpore up`; what the environment says comes before it.
        environment: variables of the product.
        as_json: one JSON object a line instead of words.
        say: prints a line.
    """
    found = find_patient(data, environment)
    if found is None:
        say(f"{data} holds no running installation: start it, or set DATABASE_URL and the other variables.")
        return NOBODY
    findings = asyncio.run(examine(found))
    for one in findings:
        say(_as_json(one) if as_json else f"{one.level.value:<8} {one.check:<14} {one.sentence}")
    return ILL if any(one.level is Level.FAULT for one in findings) else WELL


async def examine(patient: Patient) -> list[Finding]:
    """Every check, in the order people ask for them."""
    running = machine.processes(patient)
    database, engine, objects, timestamps, api = await asyncio.gather(
        servers.database(patient),
        servers.engine(patient),
        servers.objects(patient),
        servers.timestamps(patient),
        servers.api(patient),
    )
    return [
        machine.versions(patient),
        *machine.settings(patient),
        machine.parts(patient, running),
        api,
        database,
        *engine,
        *objects,
        timestamps,
        *keys.trust(patient),
        keys.provider(patient),
        keys.passkey_address(patient),
        keys.sealing_key(patient),
        machine.signing_user(patient, running),
        *machine.memory(running),
        keys.qr_key(patient),
    ]


def _as_json(one: Finding) -> str:
    return json.dumps({"check": one.check, "level": one.level.value, "sentence": one.sentence})
