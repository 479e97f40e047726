"""Loads a part's code while what it needs still starts: `python -m sakpore.early MODULE [ARGUMENT ...]`.

Standard input is a socket to the supervisor: a byte goes out when the code is loaded, and one comes back when the part
may begin. No other module of ours is imported here, since three processes would each pay for it.
"""

import gc
import importlib
import logging
import os
import socket
import sys


def main() -> int:
    """Load the module, wait for leave, and return what its `main` returns; 0 when the supervisor is gone."""
    gc.disable()  # What is loaded stays; searching it for garbage meanwhile costs time and finds none.
    module = importlib.import_module(sys.argv[1])
    gc.freeze()
    gc.enable()
    with socket.socket(fileno=os.dup(0)) as supervisor:
        supervisor.sendall(b"+")
        may_begin = supervisor.recv(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if not may_begin:
        return 0
    sys.argv = sys.argv[1:]
    return int(module.main())


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # As the module itself would: threads of its libraries can abort an interpreter that takes itself apart.
    os._exit(code)
