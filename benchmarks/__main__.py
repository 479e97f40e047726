"""`python -m benchmarks`: permits per second."""

from benchmarks.permits_per_second import main

raise SystemExit(main())
