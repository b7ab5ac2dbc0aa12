#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands for `criu swrk FD`: speaks its protocol from the published numbers, tells what it was asked
for, and does as little as can pass for a dump or a restore. In the folder $FAKE_CRIU:

version   "3.17.1" and so on; absent: that
no-memory, no-lazy   features this kernel does not have
fail      the errors that go to the log, and no success
die       end without an answer
wait      for ever, as for who fetches lazy pages
network   a restored process gets a network namespace of its own
waits     written: by which process
words     written: of the command line, but for the usual ones
asked     written: a line for each option of the last request, "number value"
inherited written: where the descriptors lead that a restore hands on, "key file"
steps     written: a line for each step that hull has agreed to
"""
import ctypes
import os
import signal
import socket
import sys

DIR = os.environ["FAKE_CRIU"]
EMPTY, DUMP, RESTORE, NOTIFY, FEATURE_CHECK, VERSION, PRE_DUMP = 0, 1, 2, 6, 9, 10, 13
TEXTS = {10, 13, 14, 37, 44, 51, 53, 63}  # options that are strings
CLONE_PARENT = 0x8000
CLONE_NEWNET = 0x40000000
SYS_CLONE = {"x86_64": 56, "aarch64": 220}[os.uname().machine]


def knob(name):
    try:
        with open(os.path.join(DIR, name)) as f:
            return f.read().strip()
    except FileNotFoundError:
        return None


def tell(name, lines, mode="w"):
    with open(os.path.join(DIR, name), mode) as f:
        f.writelines(line + "\n" for line in lines)


# ---- messages ----

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def decode(data):
    """(number, value) of each field; value is an int or bytes."""
    at, fields = 0, []
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        else:
            assert key & 7 == 0, "only varints and bytes are in this protocol"
        fields.append((key >> 3, value))
    return fields


def encode(*fields):
    out = bytearray()

    def put(value):
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        out.append(value)

    for number, value in fields:
        if isinstance(value, int):
            put(number << 3)
            put(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            put(number << 3 | 2)
            put(len(value))
            out += value
    return bytes(out)


def text_of(number, value):
    if isinstance(value, int):
        return str(value)
    if number in TEXTS:
        return value.decode()
    return " ".join(v.decode() if isinstance(v, bytes) else str(v) for _, v in decode(value))


# ---- the work ----

class Peer:
    def __init__(self, fd):
        self.socket = socket.socket(fileno=fd)

    def receive(self):
        return decode(self.socket.recv(65536))

    def send(self, kind, success, *fields, fd=None):
        message = encode((1, kind), (2, int(success)), *fields)
        if fd is None:
            self.socket.send(message)
        else:
            socket.send_fds(self.socket, [message], [fd])

    def step(self, name, pid=None, fd=None):
        notice = encode((1, name), *([(2, pid)] if pid else []))
        self.send(NOTIFY, True, (5, notice), fd=fd)
        answer = dict(self.receive())
        assert answer[1] == NOTIFY
        if answer.get(3) == 1:
            tell("steps", [f"{name}{' ' + str(pid) if pid else ''}"], "a")
        return answer.get(3) == 1


def log(options):
    path = f"/proc/{os.getppid()}/fd/{options[17]}/{options[10].decode()}"
    with open(path, "w") as f:
        f.write("(00.000001) Version\n" + (knob("fail") or "fine") + "\n")


def write_image(options, name):
    open(f"/proc/{os.getppid()}/fd/{options[1]}/{name}", "w").close()


def dump(peer, kind, options):
    log(options)
    if knob("fail"):
        write_image(options, "core-1.img")
        return peer.send(kind, False)
    if knob("wait") is not None:
        tell("waits", [str(os.getpid())])
        signal.pause()
    if not peer.step("pre-dump"):
        return peer.send(kind, False)
    if not options.get(3):
        os.kill(options[2], signal.SIGKILL)
    write_image(options, "inventory.img")
    peer.send(kind, True)


def spawn():
    """A child of our parent, as CRIU makes them."""
    flags = CLONE_PARENT | (CLONE_NEWNET if knob("network") is not None else 0)
    pid = ctypes.CDLL(None).syscall(SYS_CLONE, flags | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os.execv("/bin/sleep", ["sleep", "1000"])
    return pid


def restore(peer, options):
    log(options)
    if knob("fail"):
        return peer.send(RESTORE, False)
    tell("cgroup", [open("/proc/self/cgroup").read()])
    tell("root", sorted(os.listdir(options[13].decode())))
    pid = spawn()
    for name in "setup-namespaces", "post-restore":
        if not peer.step(name, pid):
            os.kill(pid, signal.SIGKILL)
            return peer.send(RESTORE, False)
    peer.send(RESTORE, True, (4, encode((1, pid))))


def inherited(options):
    """Each with the file, in the order of the request."""
    for number, value in options:
        if number == 27:
            entry = dict(decode(value))
            yield f"{entry[1].decode()} {os.readlink('/proc/self/fd/%d' % entry[2])}"


def serve(peer, request):
    kind, fields = dict(request)[1], dict(request)
    if kind == VERSION:
        major, minor, *rest = (int(n) for n in (knob("version") or "3.17.1").split("."))
        peer.send(kind, True, (10, encode((1, major), (2, minor), *((4, n) for n in rest))))
    elif kind == FEATURE_CHECK:
        peer.send(kind, True, (8, encode((1, int(knob("no-memory") is None)),
                                         (2, int(knob("no-lazy") is None)))))
    else:
        options = decode(fields[2])
        tell("asked", [f"type {kind}"] + [f"{n} {text_of(n, v)}" for n, v in options])
        if kind == RESTORE:
            tell("inherited", list(inherited(options)))
        if knob("die") is not None:
            sys.exit(1)
        restore(peer, dict(options)) if kind == RESTORE else dump(peer, kind, dict(options))
    return bool(fields.get(4))


if __name__ == "__main__":
    assert sys.argv[1] == "swrk"
    tell("words", [" ".join(sys.argv[3:])])
    hull = Peer(int(sys.argv[2]))
    while serve(hull, hull.receive()):
        pass
