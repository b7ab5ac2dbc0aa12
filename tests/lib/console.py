#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# console.py SOCKET: takes the terminal that --console-socket sends, copies what the terminal says to
# standard output until its other side is closed.
import array
import os
import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
    listener.bind(sys.argv[1])
    listener.listen(1)
    listener.settimeout(20)
    peer, _ = listener.accept()
    _, control, _, _ = peer.recvmsg(4096, socket.CMSG_SPACE(4))
master = array.array("i", control[0][2])[0]
try:
    while data := os.read(master, 4096):
        os.write(1, data)
except OSError:  # EIO: nobody has the other side open any more
    pass
