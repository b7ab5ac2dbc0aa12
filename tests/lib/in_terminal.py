# SPDX-License-Identifier: Apache-2.0
"""Runs a command in a terminal of its own, does something to it, and tells what was seen.

in_terminal.py ROWSxCOLUMNS KEYS COMMAND... : waits for output, sends KEYS one after the other ("resize" sets
40x100, "^C" interrupts, "^Z" suspends and continues), waits for the end. Prints what was drawn, then
"status N", and "mode same" or "mode changed" for the terminal's."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read_for(fd, seconds, until=None):
    seen = b""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not (until and until in seen):
        if select.select([fd], [], [], 0.05)[0]:
            try:
                chunk = os.read(fd, 65536)
            except OSError:
                break
            if not chunk:
                break
            seen += chunk
    return seen


def main():
    rows, columns = map(int, sys.argv[1].split("x"))
    keys, command = sys.argv[2].split(), sys.argv[3:]
    master, slave = pty.openpty()
    set_size(master, rows, columns)
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.login_tty(slave)
        os.execvp(command[0], command)
    seen = read_for(master, 10, b"ID ")
    for key in keys:
        if key == "resize":
            set_size(master, 40, 100)
        elif key == "^Z":
            os.kill(pid, signal.SIGTSTP)
            os.waitpid(pid, os.WUNTRACED)
            seen += read_for(master, 0.2) + b"<stopped>"
            same = termios.tcgetattr(slave) == before
            seen += b"<mode same>" if same else b"<mode changed>"
            os.kill(pid, signal.SIGCONT)
        else:
            os.write(master, b"\x03" if key == "^C" else key.encode())
        seen += ("<%s>" % key).encode() + read_for(master, 0.5)
    seen += read_for(master, 0.5)
    for _ in range(100):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        time.sleep(0.05)
    else:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    print(seen.decode(errors="replace"))
    print("status", os.waitstatus_to_exitcode(status))
    print("mode", "same" if termios.tcgetattr(slave) == before else "changed")


main()
