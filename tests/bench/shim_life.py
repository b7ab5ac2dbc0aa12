#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives shims as containerd does, without containerd: what a life costs in the shim alone.

    shim_life.py ROUNDS DIRECTORY SHIM...

DIRECTORY has `bundle` (config.json, rootfs) of a program that ends at once, and takes what is made. Prints
what lives.py does; the parts are: the action start, Create, Start until its answer, the exit (Wait),
Delete, Shutdown with the action delete.
"""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
from lives import Life, compare  # noqa: E402
from ttrpc_client import Client  # noqa: E402


class ShimLife(Life):
    """One container from the first action to the last."""

    def __init__(self, shim, top, name):
        super().__init__()
        self.shim, self.name = shim, name
        self.bundle = os.path.join(top, name)
        self.words = [shim, "-namespace", "hull-bench", "-address", os.path.join(top, "containerd.sock"),
                      "-publish-binary", "/bin/false", "-id", name]
        self.env = dict(os.environ, TTRPC_ADDRESS=os.path.join(top, "events.sock"), GOMAXPROCS="2")
        self.template = os.path.join(top, "bundle")
        self.log = None

    def prepare(self):
        shutil.copytree(self.template, self.bundle, ignore=shutil.ignore_patterns("rootfs"))
        self.configure(os.path.join(self.bundle, "config.json"))
        os.symlink(os.path.join(self.template, "rootfs"), os.path.join(self.bundle, "rootfs"))
        os.mkfifo(os.path.join(self.bundle, "log"))
        self.log = os.open(os.path.join(self.bundle, "log"), os.O_RDWR)  # as containerd reads it

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

    def shut_down(self, client):
        """The Go shim is sometimes gone before it has answered: containerd takes that for an answer."""
        try:
            self.call(client, "Shutdown")
        except EOFError:
            pass
        client.sock.close()

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
        self.shut_down(client)
        self.action("-bundle", self.bundle, "delete")
        self.mark()
        os.close(self.log)
        shutil.rmtree(self.bundle)
        return self.times()


def main(argv):
    rounds, top, shims = int(argv[1]), argv[2], argv[3:]
    compare(rounds, shims, lambda shim, name: ShimLife(shim, top, name))


if __name__ == "__main__":
    main(sys.argv)
