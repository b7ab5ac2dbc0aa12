# SPDX-License-Identifier: Apache-2.0
"""A client of gRPC: what calls need of HTTP/2, by hand, for programs start slowly in a virtual machine,
and Python's gRPC is none of its packages."""

import re
import socket
import struct

from ttrpc_client import read_exactly

CALL_LIMIT = 60  # seconds
CODES = """OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS
    PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL
    UNAVAILABLE DATA_LOSS UNAUTHENTICATED""".split()


class CallError(Exception):
    """The server's code and text."""


# ---- HTTP/2, by RFC 9113 ----

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
WINDOW = (1 << 31) - 1  # answers may be that long: no window is ever updated again


def write_frame(sock, kind, flags, stream, data):
    sock.sendall(struct.pack(">I", len(data))[1:] + struct.pack(">BBI", kind, flags, stream) + data)


def read_frame(sock):
    high, low, kind, flags, _ = struct.unpack(">BHBBI", read_exactly(sock, 9))
    return kind, flags, read_exactly(sock, high << 16 | low)


def write_headers(sock, stream, headers):
    write_frame(sock, HEADERS, END_HEADERS, stream, b"".join(
        b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        for name, value in headers.items()))


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


# ---- calls ----

class Channel:
    """A connection to a server; one call at a time."""

    def __init__(self, address, **metadata):
        self.metadata = metadata
        self.stream = -1
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(CALL_LIMIT)
        self.sock.connect(address)
        self.sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        # no table of headers that were sent before, and no limits
        write_frame(self.sock, SETTINGS, 0, 0, struct.pack(">HIHI", 1, 0, 4, WINDOW))
        write_frame(self.sock, WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW - 65535))

    def call(self, path, message):
        """The bytes of the answer, or CallError."""
        self.stream += 2
        write_headers(self.sock, self.stream, {
            ":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost",
            "content-type": "application/grpc", "te": "trailers", **self.metadata})
        write_frame(self.sock, DATA, END_STREAM, self.stream,
                    struct.pack(">BI", 0, len(message)) + message)
        data, headers = self.answer()
        status = int(headers["grpc-status"])
        if status:
            text = re.sub("%([0-9A-F]{2})", lambda code: chr(int(code[1], 16)),
                          headers["grpc-message"])
            raise CallError(f"{CODES[status]}: {text}")
        return data

    def answer(self):
        """The message and all headers, of the beginning and of the end."""
        data, headers, flags, kind = b"", {}, 0, None
        while kind not in (DATA, HEADERS) or not flags & END_STREAM:
            kind, flags, payload = read_frame(self.sock)
            if kind == DATA:
                data += payload
            elif kind == HEADERS:
                headers.update(read_headers(payload))
            elif kind in (SETTINGS, PING) and not flags & ACK:
                write_frame(self.sock, kind, ACK, 0, b"" if kind == SETTINGS else payload)
            elif kind in (RST_STREAM, GOAWAY):
                raise EOFError(f"the server ends the call: {payload}")
        return data[5:], headers
