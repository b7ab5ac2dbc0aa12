#!/usr/bin/python3 -BIS
# SPDX-License-Identifier: Apache-2.0
"""One call of CRI:  cri_client.py SOCKET METHOD [REQUEST]

REQUEST and the answer on standard output are JSON by the names of cri.proto, bytes in base64. A call
that fails prints its code and text and ends with 1. What gRPC needs of HTTP/2 for one call is here:
programs start slowly in a virtual machine, and Python's gRPC is none of its packages.
"""

import base64
import json
import os.path
import re
import socket
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../lib"))
from ttrpc_client import MESSAGES, decode, encode, read_exactly  # noqa: E402

CALL_LIMIT = 60  # seconds
CODES = """OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS
    PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL
    UNAVAILABLE DATA_LOSS UNAUTHENTICATED""".split()


# ---- cri.proto ----

# A type of the protocol, and the letter that the codec has for it.
SCALARS = {"string": "s", "bytes": "y", "bool": "b", "int32": "i", "int64": "i", "uint32": "u",
           "uint64": "u"}
DEFAULTS = {"string": "", "bytes": b"", "bool": False}  # of the others it is 0

with open(os.path.join(HERE, "cri.proto")) as file:
    PROTO = re.sub("//.*", "", file.read())
SERVICE = ".".join(re.search(r"package (\S+);.*service (\w+)", PROTO, re.DOTALL).groups())
METHODS = {name: types for name, *types in
           re.findall(r"rpc (\w+)\((\w+)\) returns \((\w+)\)", PROTO)}
ENUMS = {name: dict(re.findall(r"(\w+) = (\d+);", body)) for name, body in
         re.findall(r"enum (\w+) {([^}]*)}", PROTO)}
FIELDS = {name: re.findall(r"(repeated )?(\w+) (\w+) = (\d+);", body) for name, body in
          re.findall(r"message (\w+) {([^}]*)}", PROTO)}
MESSAGES.update({name: {
    field: (int(number), ("[" if repeated else "") +
            ("u" if kind in ENUMS else SCALARS.get(kind, kind)))
    for repeated, kind, field, number in fields} for name, fields in FIELDS.items()})


def from_json(kind, value):
    """What the codec takes: numbers for the names of an enumeration."""
    if kind in ENUMS:
        return int(ENUMS[kind][value])
    if kind not in FIELDS:
        return value
    kinds = {field: kind for _, kind, field, _ in FIELDS[kind]}
    return {field: [from_json(kinds[field], item) for item in content]
            if isinstance(content, list) else from_json(kinds[field], content)
            for field, content in value.items()}


def to_json(kind, value):
    """What the codec gave, with all fields that are not messages, by their names."""
    if kind in ENUMS:
        return {int(number): name for name, number in ENUMS[kind].items()}[value]
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind not in FIELDS:
        return value
    out = {}
    for repeated, kind, field, _ in FIELDS[kind]:
        if repeated:
            out[field] = [to_json(kind, item) for item in value[field]]
        elif field in value or kind not in FIELDS:
            out[field] = to_json(kind, value.get(field, DEFAULTS.get(kind, 0)))
    return out


# ---- HTTP/2, by RFC 9113 ----

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
WINDOW = (1 << 31) - 1  # answers may be that long: no window is ever updated again


def write_frame(sock, kind, flags, stream, data):
    sock.sendall(struct.pack(">I", len(data))[1:] + struct.pack(">BBI", kind, flags, stream) + data)


def read_frame(sock):
    high, low, kind, flags, _ = struct.unpack(">BHBBI", read_exactly(sock, 9))
    return kind, flags, read_exactly(sock, high << 16 | low)


def request(sock, path, message):
    sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    write_frame(sock, SETTINGS, 0, 0, struct.pack(">HI", 4, WINDOW))
    write_frame(sock, WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW - 65535))
    headers = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost",
               "content-type": "application/grpc", "te": "trailers"}
    write_frame(sock, HEADERS, END_HEADERS, 1, b"".join(
        b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        for name, value in headers.items()))
    write_frame(sock, DATA, END_STREAM, 1, struct.pack(">BI", 0, len(message)) + message)


def answer(sock):
    """The message and all headers, of the beginning and of the end."""
    data, headers, flags, kind = b"", {}, 0, None
    while kind not in (DATA, HEADERS) or not flags & END_STREAM:
        kind, flags, payload = read_frame(sock)
        if kind == DATA:
            data += payload
        elif kind == HEADERS:
            headers.update(read_headers(payload))
        elif kind in (SETTINGS, PING) and not flags & ACK:
            write_frame(sock, kind, ACK, 0, b"" if kind == SETTINGS else payload)
        elif kind in (RST_STREAM, GOAWAY):
            raise EOFError(f"the server ends the call: {payload}")
    return data[5:], headers


# ---- its headers, by RFC 7541 ----

# The code is canonical: shorter words first, then by their value. No header here has a longer one.
CODE = {5: "012aceiost", 6: " %-./3456789=A_bdfghlmnpru", 7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
        8: "&*,;XZ", 10: '!"()?', 11: "'+|", 12: "#>", 13: "\0$@[]~", 14: "^}", 15: "<`{", 19: "\\"}


def unpack_text(data):
    words, word, last = {}, 0, 0
    for length, letters in CODE.items():
        word <<= length - last
        for letter in letters:
            words[length, word] = letter
            word += 1
        last = length
    text, length, word = "", 0, 0
    for byte in data:
        for bit in range(7, -1, -1):
            length, word = length + 1, word << 1 | byte >> bit & 1
            if (length, word) in words:
                text += words[length, word]
                length = word = 0
    return text


def read_number(block, at, bits):
    number, shift = block[at] & (1 << bits) - 1, 0
    at += 1
    if number < (1 << bits) - 1:
        return number, at
    while True:
        number += (block[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if block[at - 1] < 128:
            return number, at


def read_text(block, at):
    packed = block[at] & 128
    length, at = read_number(block, at, 7)
    text = block[at:at + length]
    return unpack_text(text) if packed else text.decode(), at + length


def read_headers(block):
    """Those that are spelt out: no others are of interest."""
    headers, at = {}, 0
    while at < len(block):
        if block[at] & 128:
            _, at = read_number(block, at, 7)
        elif block[at] >> 5 == 1:
            _, at = read_number(block, at, 5)
        else:
            name, at = read_number(block, at, 6 if block[at] & 64 else 4)
            if not name:
                name, at = read_text(block, at)
            headers[name], at = read_text(block, at)
    return headers


def call(address, method, message="{}"):
    request_type, answer_type = METHODS[method]
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(CALL_LIMIT)
        sock.connect(address)
        request(sock, f"/{SERVICE}/{method}",
                encode(request_type, from_json(request_type, json.loads(message))))
        data, headers = answer(sock)
    status = int(headers["grpc-status"])
    if status:
        text = re.sub("%([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), headers["grpc-message"])
        sys.exit(f"{CODES[status]}: {text}")
    return to_json(answer_type, decode(answer_type, data))


print(json.dumps(call(*sys.argv[1:])))
