#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A seccomp agent: seccomp_agent.py SOCKET LOG ANSWER [SYSCALL=ANSWER...]

Listens at SOCKET. Each connection gets a line in LOG: the bytes that came with the listener, the
number of descriptors, and whether the peer hung up after that one message. Then every notification
gets the ANSWER, or that of its system call's number: an errno, `continue`, or `gone`, which ends the
agent without an answer. LOG has a line for each: notified NUMBER PID ANSWER.
"""
import array
import fcntl
import os
import select
import socket
import struct
import sys
import threading

RECV, SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_*
CONTINUE = 1

path, log_path, standard = sys.argv[1:4]
answers = dict(word.split("=") for word in sys.argv[4:])
log_file = open(log_path, "w", buffering=1)


def answer(listener):
    notif = bytearray(80)
    fcntl.ioctl(listener, RECV, notif)
    ident, pid, _, number = struct.unpack_from("=QIIi", notif)
    what = answers.get(str(number), standard)
    log_file.write(f"notified {number} {pid} {what}\n")
    if what == "gone":
        os._exit(0)
    error, flags = (0, CONTINUE) if what == "continue" else (-int(what), 0)
    fcntl.ioctl(listener, SEND, struct.pack("=QqiI", ident, 0, error, flags))


def serve(listener):
    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    while not waiting.poll()[0][1] & select.POLLHUP:  # nobody has the filter any more
        try:
            answer(listener)
        except FileNotFoundError:  # the caller was gone before its answer
            pass
        except OSError:
            return


def take(connection):
    fds = array.array("i")
    data, ancillary, _, _ = connection.recvmsg(1 << 16, socket.CMSG_SPACE(16))
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(content)
    # Answered at once: a runtime that needs answers to finish must not wait for us.
    threading.Thread(target=serve, args=(fds[0],), daemon=True).start()
    rest = "hung-up" if connection.recv(1) == b"" else "more"
    log_file.write(f"state {len(fds)} {rest} {data.decode()}\n")


listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listening.bind(path)
listening.listen()
while True:
    peer, _ = listening.accept()
    threading.Thread(target=take, args=(peer,), daemon=True).start()
