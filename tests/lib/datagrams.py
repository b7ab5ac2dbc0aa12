# SPDX-License-Identifier: Apache-2.0
"""datagrams.py SOCKET FILE: stands for a log daemon; writes each datagram to FILE, a Python literal a
line, after a line "ready"."""
import socket
import sys

server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
with open(sys.argv[2], "w", encoding="utf-8") as out:
    print("ready", file=out, flush=True)
    while True:
        print(repr(server.recv(1 << 20)), file=out, flush=True)
