# SPDX-License-Identifier: Apache-2.0
"""Measures lives of containers, one after the other and 20 at the same time."""
import os
import statistics
import sys
import time
import traceback


class Life:
    """A life has prepare(), which is not measured, and live(), which returns times() after its marks."""

    def __init__(self):
        self.marks = []

    def mark(self):
        self.marks.append(time.monotonic())

    def times(self):
        """Milliseconds, of all and of the parts between the marks."""
        parts = [1000 * (b - a) for a, b in zip(self.marks, self.marks[1:])]
        return [sum(parts)] + parts


def live_in_child(life, gate, told):
    """Tells when it is prepared, lives once the gate is open, tells again."""
    status = 1
    try:
        life.prepare()
        os.write(told, b"r")
        os.read(gate, 1)
        life.live()
        status = 0
    except BaseException:
        traceback.print_exc()
    os.write(told, b"d")
    os._exit(status)


def live_together(lives):
    """Milliseconds from the start of the first to the end of the last, each in a process of its own."""
    gate, told = os.pipe(), os.pipe()
    children = []
    for life in lives:
        pid = os.fork()
        if pid == 0:
            os.close(gate[1])
            live_in_child(life, gate[0], told[1])
        children.append(pid)
    os.close(told[1])
    for _ in lives:
        os.read(told[0], 1)
    begin = end = time.monotonic()
    os.close(gate[1])
    while os.read(told[0], 1):
        end = time.monotonic()
    os.close(gate[0])
    os.close(told[0])
    if any([os.waitpid(pid, 0)[1] for pid in children]):
        sys.exit("one of the lives failed")
    return 1000 * (end - begin)


def live_alone(life):
    life.prepare()
    return life.live()


def compare(rounds, kinds, make):
    """The kinds take turns; make(KIND, NAME) is a life. Prints a line for each kind, tab-separated: the
    medians of its lives one after the other, and of 20 at the same time."""
    alone = {kind: [] for kind in kinds}
    for i in range(rounds):
        for n, kind in enumerate(kinds):
            alone[kind].append(live_alone(make(kind, f"life{n}-{i}")))
    together = {kind: [] for kind in kinds}
    for i in range(max(rounds // 4, 1)):
        for n, kind in enumerate(kinds):
            lives = [make(kind, f"together{n}-{i}-{k}") for k in range(20)]
            together[kind].append(live_together(lives))
    for kind in kinds:
        medians = [statistics.median(column) for column in zip(*alone[kind])]
        medians.append(statistics.median(together[kind]))
        print(os.path.basename(kind), *(f"{m:.2f}" for m in medians), sep="\t")
