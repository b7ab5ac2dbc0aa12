#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives shims as containerd does, without containerd: what a life costs in the shim alone.

    shim_life.py ROUNDS DIRECTORY SHIM...

DIRECTORY has `bundle` (config.json, rootfs) of a program that ends at once, and takes what is made. The
shims take turns. Prints a line for each of them, tab-separated: its name and the medians, in
milliseconds, of the whole life and of its parts: the action start, Create, Start until its answer, the
exit (Wait), Delete, Shutdown with the action delete; last, of 20 lives at the same time.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
from ttrpc_client import Client  # noqa: E402


class Life:
    """One container from the first action to the last; `marks` are the times of its parts."""

    def __init__(self, shim, top, name):
        self.shim, self.name = shim, name
        self.bundle = os.path.join(top, name)
        self.words = [shim, "-namespace", "hull-bench", "-address", os.path.join(top, "containerd.sock"),
                      "-publish-binary", "/bin/false", "-id", name]
        self.env = dict(os.environ, TTRPC_ADDRESS=os.path.join(top, "events.sock"), GOMAXPROCS="2")
        shutil.copytree(os.path.join(top, "bundle"), self.bundle,
                        ignore=shutil.ignore_patterns("rootfs"))
        self.configure(os.path.join(self.bundle, "config.json"))
        os.symlink(os.path.join(top, "bundle/rootfs"), os.path.join(self.bundle, "rootfs"))
        os.mkfifo(os.path.join(self.bundle, "log"))
        self.log = os.open(os.path.join(self.bundle, "log"), os.O_RDWR)  # as containerd reads it
        self.marks = []

    def configure(self, path):
        """A cgroup of its own."""
        with open(path) as file:
            config = json.load(file)
        config["linux"]["cgroupsPath"] += "/" + self.name
        with open(path, "w") as file:
            json.dump(config, file)

    def action(self, *words):
        return subprocess.run(self.words + list(words), cwd=self.bundle, env=self.env, check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout

    def call(self, client, method, **fields):
        answer = client.call(method, dict(fields, id=self.name))
        if isinstance(answer, tuple):
            sys.exit(f"{self.shim}: {method}: {answer[1]}")

    def mark(self):
        self.marks.append(time.monotonic())

    def live(self):
        self.mark()
        address = self.action("start").decode()
        self.mark()
        client = Client(address)
        self.call(client, "Create", bundle=self.bundle)
        self.mark()
        self.call(client, "Start")
        self.mark()
        self.call(client, "Wait")
        self.mark()
        self.call(client, "Delete")
        self.mark()
        self.call(client, "Shutdown")
        client.sock.close()
        self.action("-bundle", self.bundle, "delete")
        self.mark()
        os.close(self.log)
        shutil.rmtree(self.bundle)
        times = [1000 * (b - a) for a, b in zip(self.marks, self.marks[1:])]
        return [sum(times)] + times


def live_together(shim, top, name):
    """Milliseconds from the start of the first of 20 to the end of the last."""
    lives = [Life(shim, top, f"{name}-{i}") for i in range(20)]
    begin = time.monotonic()
    children = []
    for life in lives:
        pid = os.fork()
        if pid == 0:
            life.live()
            os._exit(0)
        children.append(pid)
    if any([os.waitpid(pid, 0)[1] for pid in children]):
        sys.exit(f"{shim}: one of 20 lives failed")
    return 1000 * (time.monotonic() - begin)


def main(argv):
    rounds, top, shims = int(argv[1]), argv[2], argv[3:]
    results = {shim: [] for shim in shims}
    for i in range(rounds):
        for n, shim in enumerate(shims):
            results[shim].append(Life(shim, top, f"life{n}-{i}").live())
    together = {shim: [] for shim in shims}
    for i in range(max(rounds // 4, 1)):
        for n, shim in enumerate(shims):
            together[shim].append(live_together(shim, top, f"together{n}-{i}"))
    for shim in shims:
        medians = [statistics.median(column) for column in zip(*results[shim])]
        medians.append(statistics.median(together[shim]))
        print(os.path.basename(shim), *(f"{m:.2f}" for m in medians), sep="\t")


if __name__ == "__main__":
    main(sys.argv)
