"""`python -m sakpore` and the `sakpore` command."""

from sakpore.cli import main

if __name__ == "__main__":
    main()
