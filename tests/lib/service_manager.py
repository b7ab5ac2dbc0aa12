#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a service manager hears: service_manager.py SOCKET LOG

Binds SOCKET (a path, or @name) and writes each message to LOG in a line of its own, its newlines as
spaces, behind whether its sender was still there to be looked up.
"""
import os
import socket
import struct
import sys

path, log_path = sys.argv[1:3]
log_file = open(log_path, "w", buffering=1)
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
heard.bind("\0" + path[1:] if path.startswith("@") else path)
log_file.write("bound\n")
while True:
    data, ancillary, _, _ = heard.recvmsg(4096, socket.CMSG_SPACE(64))
    sender, fds = 0, []
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            sender = struct.unpack("=iII", content)[0]
        elif kind == socket.SCM_RIGHTS:
            fds.append(struct.unpack("=i", content[:4])[0])
    alive = "alive" if os.path.exists(f"/proc/{sender}/cmdline") else "gone"
    log_file.write(f"{alive} {data.decode()}".replace("\n", " ") + "\n")
    for fd in fds:
        os.close(fd)
