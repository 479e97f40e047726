"""`python -m sakpore.stack [up|migrate] [--data DIR]`."""

import argparse
import sys
from pathlib import Path

from sakpore.stack.installation import project_root
from sakpore.stack.up import migrate, up


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sakpore.stack", description="The embedded stack.")
    parser.add_argument("command", nargs="?", choices=("up", "migrate"), default="up")
    parser.add_argument("--data", type=Path, default=project_root() / "var", help="folder of all state")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS under an authority of its own")
    arguments = parser.parse_args()
    return up(arguments.data, tls=arguments.tls) if arguments.command == "up" else migrate(arguments.data)


if __name__ == "__main__":
    sys.exit(main())
