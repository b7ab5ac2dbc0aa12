#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives containerd as `ctr run --rm` does, once that has read the image, by a client that is there already
and does next to nothing: what a life costs in containerd and the shim.

    containerd_life.py ROUNDS SOCKET NAMESPACE TEMPLATE DIRECTORY RUNTIME...

TEMPLATE is a container; each life is that of a copy of it, run by RUNTIME, with its fifos in DIRECTORY.
Prints what lives.py does; the parts are: snapshot and container, Create, Start, the exit (Wait), Delete,
container and snapshot gone.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
from grpc_client import Channel  # noqa: E402
from lives import Life, compare  # noqa: E402
from ttrpc_client import MESSAGES, decode, encode  # noqa: E402

# containerd.services.{containers,leases,snapshots,tasks}.v1; what these requests and answers have of them
MESSAGES.update({
    "containers.Id": {"id": (1, "s")},
    "containers.Whole": {"container": (1, "Container")},
    "Container": {"id": (1, "s"), "image": (3, "s"), "runtime": (4, "Runtime"), "spec": (5, "Any"),
                  "snapshotter": (6, "s"), "snapshot_key": (7, "s")},
    "Runtime": {"name": (1, "s")},
    "leases.Id": {"id": (1, "s")},
    "snapshots.Key": {"snapshotter": (1, "s"), "key": (2, "s"), "parent": (3, "s")},
    "snapshots.Mounts": {"mounts": (1, "[Mount")},
    "snapshots.Stat": {"info": (1, "Info")},
    "Info": {"name": (1, "s"), "parent": (2, "s")},
    "tasks.Create": {"container_id": (1, "s"), "rootfs": (3, "[Mount"), "stdin": (4, "s"),
                     "stdout": (5, "s"), "stderr": (6, "s")},
    "tasks.Id": {"container_id": (1, "s")},
})


class Containerd:
    def __init__(self, address, namespace):
        self.channel = Channel(address, **{"containerd-namespace": namespace})

    def call(self, service, method, kind, message):
        """The bytes of the answer."""
        return self.channel.call(f"/containerd.services.{service}.v1.{service.capitalize()}/{method}",
                                 encode(f"{service}.{kind}", message))

    def lease(self, name):
        """From now on nothing that is made is garbage, until it is deleted."""
        self.call("leases", "Create", "Id", {"id": name})
        self.channel.metadata["containerd-lease"] = name

    def end_lease(self):
        self.call("leases", "Delete", "Id", {"id": self.channel.metadata.pop("containerd-lease")})

    def container(self, name):
        answer = self.call("containers", "Get", "Id", {"id": name})
        return decode("containers.Whole", answer)["container"]

    def parent(self, snapshotter, key):
        answer = self.call("snapshots", "Stat", "Key", {"snapshotter": snapshotter, "key": key})
        return decode("snapshots.Stat", answer)["info"]["parent"]


class ContainerdLife(Life):
    """One container from its snapshot to the end."""

    def __init__(self, connect, template, parent, runtime, directory, name):
        super().__init__()
        self.connect, self.parent, self.name = connect, parent, name
        self.container = dict(template, id=name, snapshot_key=name, runtime={"name": runtime},
                              spec=self.spec(template["spec"], template["id"]))
        self.snapshot = {"snapshotter": template["snapshotter"], "key": name}
        self.fifos = {stream: os.path.join(directory, f"{name}.{stream}")
                      for stream in ("stdin", "stdout", "stderr")}
        self.containerd = None

    def spec(self, spec, template):
        """A cgroup of its own."""
        config = spec["value"]
        path = config["linux"]["cgroupsPath"].replace(template, self.name)
        config = dict(config, linux=dict(config["linux"], cgroupsPath=path))
        return dict(spec, value=json.dumps(config).encode())

    def prepare(self):
        self.containerd = self.connect()
        for path in self.fifos.values():
            os.mkfifo(path)

    def live(self):
        streams = [os.open(path, os.O_RDWR) for path in self.fifos.values()]
        self.ask(self.containerd)
        for stream, path in zip(streams, self.fifos.values()):
            os.close(stream)
            os.unlink(path)
        return self.times()

    def ask(self, containerd):
        call, task = containerd.call, {"container_id": self.name}
        self.mark()
        containerd.lease(self.name)
        call("snapshots", "Prepare", "Key", dict(self.snapshot, parent=self.parent))
        call("containers", "Create", "Whole", {"container": self.container})
        containerd.end_lease()
        self.mark()
        mounts = decode("snapshots.Mounts", call("snapshots", "Mounts", "Key", self.snapshot))
        call("tasks", "Create", "Create", dict(task, rootfs=mounts["mounts"], **self.fifos))
        self.mark()
        call("tasks", "Start", "Id", task)
        self.mark()
        call("tasks", "Wait", "Id", task)
        self.mark()
        call("tasks", "Delete", "Id", task)
        self.mark()
        call("snapshots", "Remove", "Key", self.snapshot)
        call("containers", "Delete", "Id", {"id": self.name})
        self.mark()


def main(argv):
    rounds, address, namespace, name, directory, runtimes = int(argv[1]), *argv[2:6], argv[6:]

    def connect():
        return Containerd(address, namespace)

    template = connect().container(name)
    parent = connect().parent(template["snapshotter"], template["snapshot_key"])
    compare(rounds, runtimes,
            lambda runtime, name: ContainerdLife(connect, template, parent, runtime, directory, name))


if __name__ == "__main__":
    main(sys.argv)
