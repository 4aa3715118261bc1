"""A daemon that moves samples out of the log every second, not every minute: who lives for seconds would never do it.

python -m tests.hurried_replica WHATEVER_IS_BETWEEN monitor ARGUMENT...
"""

import sys

from monitor import housekeeping

SETTLE_EVERY_S = 1.0

if __name__ == "__main__":
    housekeeping.SETTLE_EVERY_S = SETTLE_EVERY_S  # before anybody has read it
    from monitor.cli import main

    sys.argv[:] = sys.argv[sys.argv.index("monitor") :]
    sys.exit(main())
