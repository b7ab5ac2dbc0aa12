#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client of the task service, and a server that takes events: ttrpc and protobuf by hand, so that
the shim is tested against the bytes of the protocol and not against its own code.

    ttrpc_client.py call ADDRESS METHOD [FIELD=VALUE...]   prints the answer as JSON; an error of the
                                                           service as "CODE MESSAGE", status 1
    ttrpc_client.py script ADDRESS                         the same for each line of standard input,
                                                           over one connection
    ttrpc_client.py events SOCKET FILE                     appends each event to FILE as JSON
    ttrpc_client.py any TYPE FIELD=VALUE...                prints the bytes of an Any
    ttrpc_client.py decode MESSAGE                         standard input as JSON
A field may be given several times; `rootfs` and `options` take JSON.
"""
import json
import os
import socket
import struct
import sys
import threading

SERVICE = os.environ.get("TASK_SERVICE", "containerd.task.v2.Task")

# name: {field: (number, type)}; types: s string, u unsigned, b bool, y bytes, [x repeated, M message
MESSAGES = {
    "Timestamp": {"seconds": (1, "i"), "nanos": (2, "i")},
    "Any": {"type_url": (1, "s"), "value": (2, "y")},
    "Mount": {"type": (1, "s"), "source": (2, "s"), "target": (3, "s"), "options": (4, "[s")},
    "CreateRequest": {"id": (1, "s"), "bundle": (2, "s"), "rootfs": (3, "[Mount"), "terminal": (4, "b"),
                      "stdin": (5, "s"), "stdout": (6, "s"), "stderr": (7, "s"), "checkpoint": (8, "s"),
                      "options": (10, "Any")},
    "CreateResponse": {"pid": (1, "u")},
    "StartRequest": {"id": (1, "s"), "exec_id": (2, "s")},
    "StartResponse": {"pid": (1, "u")},
    "DeleteRequest": {"id": (1, "s"), "exec_id": (2, "s")},
    "DeleteResponse": {"pid": (1, "u"), "exit_status": (2, "u"), "exited_at": (3, "Timestamp")},
    "StateRequest": {"id": (1, "s"), "exec_id": (2, "s")},
    "StateResponse": {"id": (1, "s"), "bundle": (2, "s"), "pid": (3, "u"), "status": (4, "u"),
                      "stdin": (5, "s"), "stdout": (6, "s"), "stderr": (7, "s"), "terminal": (8, "b"),
                      "exit_status": (9, "u"), "exited_at": (10, "Timestamp"), "exec_id": (11, "s")},
    "PidsRequest": {"id": (1, "s")},
    "ProcessDetails": {"exec_id": (1, "s")},
    "ProcessInfo": {"pid": (1, "u"), "info": (2, "Any")},
    "PidsResponse": {"processes": (1, "[ProcessInfo")},
    "PauseRequest": {"id": (1, "s")}, "PauseResponse": {},
    "ResumeRequest": {"id": (1, "s")}, "ResumeResponse": {},
    "CheckpointRequest": {"id": (1, "s"), "path": (2, "s"), "options": (3, "Any")},
    "CheckpointResponse": {},
    "KillRequest": {"id": (1, "s"), "exec_id": (2, "s"), "signal": (3, "u"), "all": (4, "b")},
    "KillResponse": {},
    "ExecRequest": {"id": (1, "s"), "exec_id": (2, "s"), "terminal": (3, "b"), "stdin": (4, "s"),
                    "stdout": (5, "s"), "stderr": (6, "s"), "spec": (7, "Any")},
    "ExecResponse": {},
    "ResizePtyRequest": {"id": (1, "s"), "exec_id": (2, "s"), "width": (3, "u"), "height": (4, "u")},
    "ResizePtyResponse": {},
    "CloseIORequest": {"id": (1, "s"), "exec_id": (2, "s"), "stdin": (3, "b")}, "CloseIOResponse": {},
    "UpdateRequest": {"id": (1, "s"), "resources": (2, "Any")}, "UpdateResponse": {},
    "WaitRequest": {"id": (1, "s"), "exec_id": (2, "s")},
    "WaitResponse": {"exit_status": (1, "u"), "exited_at": (2, "Timestamp")},
    "StatsRequest": {"id": (1, "s")}, "StatsResponse": {"stats": (1, "Any")},
    "ConnectRequest": {"id": (1, "s")},
    "ConnectResponse": {"shim_pid": (1, "u"), "task_pid": (2, "u"), "version": (3, "s")},
    "ShutdownRequest": {"id": (1, "s"), "now": (2, "b")}, "ShutdownResponse": {},
    "Envelope": {"timestamp": (1, "Timestamp"), "namespace": (2, "s"), "topic": (3, "s"),
                 "event": (4, "Any")},
    "ForwardRequest": {"envelope": (1, "Envelope")},
    "Request": {"service": (1, "s"), "method": (2, "s"), "payload": (3, "y"), "timeout_nano": (4, "i")},
    "Response": {"status": (1, "Status"), "payload": (2, "y")},
    "Status": {"code": (1, "i"), "message": (2, "s")},
    "Options": {"no_pivot_root": (1, "b"), "no_new_keyring": (2, "b"), "shim_cgroup": (3, "s"),
                "io_uid": (4, "u"), "io_gid": (5, "u"), "binary_name": (6, "s"), "root": (7, "s"),
                "systemd_cgroup": (9, "b")},
    "CheckpointOptions": {"exit": (1, "b"), "open_tcp": (2, "b"), "empty_namespaces": (6, "[s"),
                          "cgroups_mode": (7, "s")},
    "RuntimeOptions": {"type_url": (1, "s"), "config_path": (2, "s"), "config_body": (3, "y")},
    "Extension": {"value": (1, "Any")},
    "BootstrapParams": {"instance_id": (1, "s"), "namespace": (2, "s"), "log_level": (3, "i"),
                        "grpc_address": (6, "s"), "extensions": (8, "[Extension"),
                        "socket_dir": (9, "s")},
    "BootstrapResult": {"version": (1, "i"), "address": (2, "s"), "protocol": (3, "s")},
    "RuntimeVersion": {"version": (1, "s"), "revision": (2, "s")},
    "Annotation": {"key": (1, "s"), "value": (2, "s")},
    "RuntimeInfo": {"name": (1, "s"), "version": (2, "RuntimeVersion"), "options": (3, "Any"),
                    "features": (4, "Any"), "annotations": (5, "[Annotation")},
    "Metrics": {"pids": (1, "PidsStat"), "cpu": (2, "CPUStat"), "memory": (4, "MemoryStat")},
    "PidsStat": {"current": (1, "u"), "limit": (2, "u")},
    "CPUStat": {"usage_usec": (1, "u"), "user_usec": (2, "u"), "system_usec": (3, "u")},
    "MemoryStat": {"usage": (32, "u"), "usage_limit": (33, "u")},
    # containerd.events
    "TaskIO": {"stdin": (1, "s"), "stdout": (2, "s"), "stderr": (3, "s"), "terminal": (4, "b")},
    "TaskCreate": {"container_id": (1, "s"), "bundle": (2, "s"), "rootfs": (3, "[Mount"),
                   "io": (4, "TaskIO"), "checkpoint": (5, "s"), "pid": (6, "u")},
    "TaskStart": {"container_id": (1, "s"), "pid": (2, "u")},
    "TaskExit": {"container_id": (1, "s"), "id": (2, "s"), "pid": (3, "u"), "exit_status": (4, "u"),
                 "exited_at": (5, "Timestamp")},
    "TaskDelete": {"container_id": (1, "s"), "pid": (2, "u"), "exit_status": (3, "u"),
                   "exited_at": (4, "Timestamp")},
    "TaskOOM": {"container_id": (1, "s")},
    "TaskExecAdded": {"container_id": (1, "s"), "exec_id": (2, "s")},
    "TaskExecStarted": {"container_id": (1, "s"), "exec_id": (2, "s"), "pid": (3, "u")},
    "TaskPaused": {"container_id": (1, "s")},
    "TaskResumed": {"container_id": (1, "s")},
    "TaskCheckpointed": {"container_id": (1, "s"), "checkpoint": (2, "s")},
}

ANY_TYPES = {
    "Options": "containerd.runc.v1.Options",
    "CheckpointOptions": "containerd.runc.v1.CheckpointOptions",
    "RuntimeOptions": "runtimeoptions.v1.Options",
}


# ---- protobuf ----

def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def encode_value(number, kind, value):
    if kind in "ui" or kind == "b":
        return varint(number << 3) + varint(int(value)) if value else b""
    data = value.encode() if kind == "s" else value if kind == "y" else encode(kind, value)
    if kind in "sy" and not data:
        return b""
    return varint(number << 3 | 2) + varint(len(data)) + data


def encode(name, message):
    out = b""
    for field, value in message.items():
        number, kind = MESSAGES[name][field]
        if kind[0] == "[":
            for item in value:
                out += encode_value(number, kind[1:], item)
        else:
            out += encode_value(number, kind, value)
    return out


def read_varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        at += 1
        n |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return n, at


def decode_value(kind, wire, value):
    if kind == "i" and value >> 63:
        return value - (1 << 64)
    if kind == "b":
        return bool(value)
    if kind == "s":
        return value.decode()
    if kind in "uiy":
        return value
    return decode(kind, value)


def decode(name, data):
    fields = {number: (field, kind) for field, (number, kind) in MESSAGES[name].items()}
    out = {field: [] for field, (_, kind) in MESSAGES[name].items() if kind[0] == "["}
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = read_varint(data, at)
        elif wire == 2:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = 8 if wire == 1 else 4
            value, at = data[at:at + size], at + size
        if key >> 3 not in fields:
            continue
        field, kind = fields[key >> 3]
        if kind[0] == "[":
            out[field].append(decode_value(kind[1:], wire, value))
        else:
            out[field] = decode_value(kind, wire, value)
    if name == "Any":
        kind = out.get("type_url", "").split(".")[-1]
        if kind in MESSAGES:
            out["value"] = decode(kind, out.get("value", b""))
        elif kind.startswith("io/opencontainers/"):
            out["value"] = json.loads(out["value"])
    return out


# ---- ttrpc ----

def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise EOFError("connection closed")
        data += more
    return data


def read_frame(sock):
    length, stream, kind, _ = struct.unpack(">IIBB", read_exactly(sock, 10))
    return stream, kind, read_exactly(sock, length)


def write_frame(sock, stream, kind, data):
    sock.sendall(struct.pack(">IIBB", len(data), stream, kind, 0) + data)


class Client:
    def __init__(self, address):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(float(os.environ.get("TTRPC_TIMEOUT", "20")))
        self.sock.connect(address.removeprefix("unix://"))
        self.stream = -1

    def send(self, method, message):
        self.stream += 2
        request = {"service": SERVICE, "method": method,
                   "payload": encode(method + "Request", message)}
        write_frame(self.sock, self.stream, 1, encode("Request", request))
        return self.stream

    def call(self, method, message):
        """The answer, or (code, text)."""
        stream = self.send(method, message)
        got, _, data = read_frame(self.sock)
        assert got == stream, f"answer on stream {got} instead of {stream}"
        response = decode("Response", data)
        if response.get("status", {}).get("code"):
            return response["status"]["code"], response["status"].get("message", "")
        return decode(method + "Response", response.get("payload", b""))


# ---- command line ----

def parse_fields(name, words):
    message = {}
    for word in words:
        field, value = word.split("=", 1)
        kind = MESSAGES[name][field][1]
        if field in ("spec", "resources"):
            what = {"spec": "Process", "resources": "LinuxResources"}[field]
            message[field] = {"type_url": "types.containerd.io/opencontainers/runtime-spec/1/" + what,
                              "value": value.encode()}
        elif kind == "Any":
            name_of, fields = value.split(" ", 1)
            message[field] = {"type_url": ANY_TYPES[name_of],
                              "value": encode(name_of, json.loads(fields))}
        elif kind[0] == "[":
            message[field] = json.loads(value)
        elif kind == "y":
            message[field] = value.encode()
        else:
            message[field] = value if kind == "s" else value == "true" if kind == "b" else int(value)
    return message


def printable(value):
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value))


def report(answer):
    if isinstance(answer, tuple):
        print(answer[0], answer[1])
        return 1
    print(json.dumps(answer, default=printable))
    return 0


def take_events(connection, path):
    try:
        while True:
            stream, _, data = read_frame(connection)
            request = decode("Request", data)
            event = decode("ForwardRequest", request["payload"])["envelope"]
            with open(path, "a") as f:
                f.write(json.dumps(event, default=printable) + "\n")
            write_frame(connection, stream, 2, encode("Response", {}))
    except (EOFError, OSError):
        connection.close()


def serve_events(address, path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen(16)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=take_events, args=(connection, path), daemon=True).start()


def run_script(address):
    client, worst = Client(address), 0
    for line in sys.stdin:
        words = line.split()
        worst |= report(client.call(words[0], parse_fields(words[0] + "Request", words[1:])))
        sys.stdout.flush()
    return worst


def main(argv):
    action = argv[1]
    if action == "call":
        return report(Client(argv[2]).call(argv[3], parse_fields(argv[3] + "Request", argv[4:])))
    if action == "script":
        return run_script(argv[2])
    if action == "events":
        return serve_events(argv[2], argv[3])
    if action == "any":
        data = encode(argv[2], parse_fields(argv[2], argv[3:]))
        sys.stdout.buffer.write(encode("Any", {"type_url": ANY_TYPES[argv[2]], "value": data}))
    elif action == "encode":
        sys.stdout.buffer.write(encode(argv[2], parse_fields(argv[2], argv[3:])))
    elif action == "decode":
        return report(decode(argv[2], sys.stdin.buffer.read()))
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
