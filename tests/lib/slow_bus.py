#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A way to the system bus that stops working: slow_bus.py SOCKET requests|answers

Passes on what comes to SOCKET, a connection at a time, until a unit is to be started. Then answers are lost;
or else that request and those after it are delivered upon SIGUSR1 only, though who made them may have gone,
and what comes of it goes to standard error.
"""
import selectors
import signal
import socket
import sys

BUS = "/run/dbus/system_bus_socket"
WHEN = b"StartTransientUnit"
KINDS = [None, "call", "done", "refused", "signal"]  # of messages, in their second byte

path, held_back = sys.argv[1:3]


def pass_on(client, bus, wakeup):
    """Until one is gone, or the signal comes: returns the requests that were kept."""
    sources = selectors.DefaultSelector()
    for source in client, bus, wakeup:
        sources.register(source, selectors.EVENT_READ)
    kept, holding = b"", False
    while True:
        for key, _ in sources.select():
            source = key.fileobj
            if source is wakeup:
                return kept
            data = source.recv(65536)
            holding = holding or (source is client and WHEN in data)
            if not data and not kept:
                return None
            if not data:
                sources.unregister(source)
            elif holding and source is client and held_back == "requests":
                kept += data
            elif source is client:
                bus.sendall(data)
            elif not (holding and held_back == "answers"):
                client.sendall(data)


reader, writer = socket.socketpair()
writer.setblocking(False)
signal.set_wakeup_fd(writer.fileno())
signal.signal(signal.SIGUSR1, lambda *_: None)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
while True:
    connection, _ = listener.accept()
    upstream = socket.socket(socket.AF_UNIX)
    upstream.connect(BUS)
    requests = pass_on(connection, upstream, reader)
    if requests:
        upstream.sendall(requests)
        answer = upstream.recv(65536)
        print(KINDS[answer[1]], answer, file=sys.stderr, flush=True)
    connection.close()
    upstream.close()
