#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# cost.py FILE COMMAND...: runs it and ends with its status; FILE gets the milliseconds it took and
# the KiB of its resident set at most (which begins with this interpreter's own, about 10 MiB).
import os
import sys
import time

begin = time.monotonic()
pid = os.spawnvp(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w", encoding="ascii") as out:
    print(int((time.monotonic() - begin) * 1000), usage.ru_maxrss, file=out)
sys.exit(os.waitstatus_to_exitcode(status))
