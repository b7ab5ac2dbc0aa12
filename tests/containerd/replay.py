#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the client's part of a recorded conversation to a shim, and holds what it answers against the
recording.

    replay.py SHIM NAMESPACE FRAMES BUNDLE WORK

The requests are the recorded ones in their order, with the paths of this machine; none is sent before
the answers that came before it in the recording are there. What cannot be the same (process ids,
times) must be there where it was. The program of the bundle must end when it has read a line.
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import ttrpc_client as ttrpc

DEADLINE = 20  # seconds
STOPPED = 3  # of the states of a task


class Recording:
    """Lines of (direction, stream, name, message) without the answers to events; a failed answer has
    the name "error"."""

    def __init__(self, path):
        self.lines, methods = [], {}
        with open(path) as file:
            for frame in map(json.loads, file):
                way, data = frame["dir"], bytes.fromhex(frame["hex"])
                if way == "ev<":
                    continue
                if way == "api<":
                    name, message = answer_of(methods[frame["sid"]], data)
                else:
                    request = ttrpc.decode("Request", data)
                    name = request["method"] + "Request"
                    message = ttrpc.decode(name, request["payload"])
                    if way == "api>":
                        methods[frame["sid"]] = request["method"]
                self.lines.append((way, frame["sid"], name, message))

    def all(self, way):
        return [(stream, name, message) for w, stream, name, message in self.lines if w == way]

    def first(self, way, name):
        return next(message for _, n, message in self.all(way) if n == name)


def answer_of(method, data):
    response = ttrpc.decode("Response", data)
    if response.get("status", {}).get("code"):
        return "error", {"code": response["status"]["code"]}
    return method + "Response", ttrpc.decode(method + "Response", response.get("payload", b""))


class Place:
    """What the Create of the recording names, as it is here."""

    def __init__(self, create, bundle, work):
        self.paths = {create["bundle"]: bundle}
        lower, upper, scratch = (os.path.join(work, name) for name in ("lower", "upper", "scratch"))
        os.rename(os.path.join(bundle, "rootfs"), lower)
        for path in (os.path.join(bundle, "rootfs"), upper, scratch):
            os.mkdir(path)
        for option in (o for mount in create["rootfs"] for o in mount["options"]):
            key, _, path = option.partition("=")
            if key in ("lowerdir", "upperdir", "workdir"):
                self.paths[path] = {"lowerdir": lower, "upperdir": upper, "workdir": scratch}[key]
        self.streams = {}
        for stream in ("stdin", "stdout", "stderr"):
            if stream in create:
                path = self.paths[create[stream]] = os.path.join(work, stream)
                os.mkfifo(path)
                self.streams[stream] = os.open(path, os.O_RDWR)

    def local(self, value):
        """The same message with the paths of this machine."""
        if isinstance(value, dict):
            return {key: self.local(v) for key, v in value.items()}
        if isinstance(value, list):
            return [self.local(v) for v in value]
        if isinstance(value, str):
            for there, here in self.paths.items():
                value = value.replace(there, here)
        return value


def encodable(message):
    """ttrpc.decode opens an Any; ttrpc.encode wants its bytes."""
    if not isinstance(message, dict):
        return message
    if "type_url" in message and isinstance(message.get("value"), dict):
        kind = message["type_url"].split(".")[-1]
        return {**message, "value": ttrpc.encode(kind, message["value"])}
    return {key: encodable(value) for key, value in message.items()}


def comparable(value, pids):
    """Process ids by their parts, times by being there."""
    if isinstance(value, list):
        return [comparable(v, pids) for v in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, v in value.items():
        if key in ("pid", "task_pid", "shim_pid"):
            out[key] = pids.get(v, "unknown %s" % v)
        elif key in ("exited_at", "timestamp"):
            out[key] = "a time"
        elif key != "version":  # how a shim calls its protocol is its own business
            out[key] = comparable(v, pids)
    return out


class Shim:
    def __init__(self, program, namespace, container, bundle, work):
        self.bundle = bundle
        self.command = [program, "-namespace", namespace, "-address", work + "/containerd.sock",
                        "-publish-binary", "/bin/false", "-id", container]
        self.environment = dict(os.environ, TTRPC_ADDRESS=work + "/events.sock")
        self.address = self.action("start").decode()
        self.client = ttrpc.Client(self.address)
        self.answers = {}

    def action(self, *words):
        return subprocess.run(self.command + list(words), cwd=self.bundle, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True,
                              timeout=DEADLINE).stdout

    def send(self, stream, name, message):
        self.client.stream = stream - 2
        self.client.send(name.removesuffix("Request"), encodable(message))

    def answer(self, stream):
        while stream not in self.answers:
            got, _, data = ttrpc.read_frame(self.client.sock)
            self.answers[got] = data
        return self.answers[stream]

    def delete(self):
        return ttrpc.decode("DeleteResponse", self.action("-bundle", self.bundle, "delete"))

    def is_gone(self):
        return not os.path.exists(self.address.removeprefix("unix://"))


def events_of(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def eventually(what, condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("never: " + what)
        time.sleep(0.01)


def pids_of(messages):
    """Which process id is whose."""
    pids = {}
    for name, message in messages:
        if name == "CreateResponse":
            pids[message["pid"]] = "the task"
        elif name == "ConnectResponse":
            pids[message["shim_pid"]] = "the shim"
    return pids


def same(what, got, expected):
    assert got == expected, "%s: got %s, recorded %s" % (what, got, expected)


class Program:
    """The one in the container: it ends when the recording first shows that the other had ended."""

    def __init__(self, recording, place, told):
        self.stdin, self.told, self.released = place.streams["stdin"], told, False
        self.stopped = {stream for stream, name, message in recording.all("api<")
                        if name == "StateResponse" and message["status"] == STOPPED}

    def has_ended(self):
        return any(event["topic"] == "/tasks/exit" for event in events_of(self.told))

    def follow(self, way, stream, name, message):
        topic = message.get("envelope", {}).get("topic")
        asked = way == "api>" and stream in self.stopped
        if not self.released and (asked or name == "WaitResponse" or topic == "/tasks/exit"):
            os.write(self.stdin, b"\n")
            self.released = True
        if asked:
            eventually("the exit is told", self.has_ended)


def play(recording, shim, place, program):
    """The answers by stream: (name, message)."""
    answers = {}
    methods = {stream: name.removesuffix("Request") for stream, name, _ in recording.all("api>")}
    for way, stream, name, message in recording.lines:
        program.follow(way, stream, name, message)
        if way == "api>":
            shim.send(stream, name, place.local(message))
        elif way == "api<":
            answers[stream] = answer_of(methods[stream], shim.answer(stream))
    return answers


def compare(recording, place, answers, events):
    recorded_pids = pids_of((name, message) for _, name, message in recording.all("api<"))
    pids = pids_of(answers.values())
    for stream, name, message in recording.all("api<"):
        got_name, got = answers[stream]
        same("answer on stream %d" % stream, got_name, name)
        same(name, comparable(got, pids), comparable(place.local(message), recorded_pids))
    recorded = [message["envelope"] for _, _, message in recording.all("ev>")]
    same("events", [e["topic"] for e in events], [e["topic"] for e in recorded])
    for got, expected in zip(events, recorded):
        same(got["topic"], comparable(got["event"], pids),
             comparable(place.local(expected["event"]), recorded_pids))


def main(program, namespace, frames, bundle, work):
    recording = Recording(frames)
    create = recording.first("api>", "CreateRequest")
    place = Place(create, bundle, work)
    told = work + "/events"
    open(told, "w").close()
    threading.Thread(target=ttrpc.serve_events, args=(work + "/events.sock", told), daemon=True).start()
    shim, answers = Shim(program, namespace, create["id"], bundle, work), {}
    try:
        answers = play(recording, shim, place, Program(recording, place, told))
        wanted = len(recording.all("ev>"))
        eventually("%d events" % wanted, lambda: len(events_of(told)) >= wanted)
        eventually("the shim goes after Shutdown", shim.is_gone)
        compare(recording, place, answers, events_of(told))
        shim.delete()
    finally:
        if not shim.is_gone():
            connect = next((m for name, m in answers.values() if name == "ConnectResponse"), None)
            if connect:
                os.kill(connect["shim_pid"], signal.SIGKILL)
            shim.delete()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (AssertionError, EOFError) as error:
        print(error)
        sys.exit(1)
