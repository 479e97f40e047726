"""Whether this machine's worker takes tasks: asks the engine who polls the queue. `worker_health.py main|signing`.

Exit code 0 when a poller of this host was heard within the last minute and a half, 1 otherwise. A long poll lasts about
a minute, so a worker that lives is never silent for longer.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

SILENCE = timedelta(seconds=90)
PATIENCE_SECONDS = 8


async def is_heard(queue: str, address: str, namespace: str, host: str) -> bool:
    """Whether the engine has heard a worker of `host` on this queue lately. Raises RPCError, RuntimeError."""
    client = await Client.connect(address, namespace=namespace)
    request = DescribeTaskQueueRequest(
        namespace=namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    answer = await client.workflow_service.describe_task_queue(request)
    oldest = datetime.now(UTC) - SILENCE
    return any(
        poller.identity.endswith(f"@{host}") and poller.last_access_time.ToDatetime(tzinfo=UTC) > oldest
        for poller in answer.pollers
    )


async def main(queue: str) -> int:
    """The command."""
    address = os.environ["TEMPORAL_ADDRESS"]
    namespace = os.environ.get("TEMPORAL_NAMESPACE", "default")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            heard = await is_heard(queue, address, namespace, socket.gethostname())
    except Exception as failure:
        sys.stderr.write(f"The engine does not answer: {type(failure).__name__}.\n")
        return 1
    if not heard:
        sys.stderr.write(f"No worker of this machine polls the queue {queue}.\n")
    return 0 if heard else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: worker_health.py QUEUE")
    answer = asyncio.run(main(sys.argv[1]))
    sys.stderr.flush()
    # The client's own threads can abort an interpreter that is shutting down; the answer must not depend on that.
    os._exit(answer)
