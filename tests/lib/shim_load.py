#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one call after another cannot show of a shim: many calls, races, broken ones.

    shim_load.py state ADDRESS ID             the milliseconds that the slowest of 20 State calls takes
    shim_load.py broken ADDRESS               Create with a payload that is no message: its answer
    shim_load.py execs ADDRESS ID N           `true` as an exec, N times, from two clients
    shim_load.py last_words ADDRESS ID DIR N  execs that write once and end: each word has to arrive
    shim_load.py resizes ADDRESS ID N         ResizePty while execs with a terminal start and end
    shim_load.py kills ADDRESS BUNDLE ROOT N  containers that are killed while an exec starts
"""
import json
import os
import sys
import threading
import time

from ttrpc_client import Client, encode, read_frame, decode, write_frame, SERVICE


def exec_of(task, name, *args, **fields):
    spec = {"args": args, "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}
    return {"id": task, "exec_id": name, **fields,
            "spec": {"type_url": "types.containerd.io/opencontainers/runtime-spec/1/Process",
                     "value": json.dumps(spec).encode()}}


def done(client, method, **message):
    answer = client.call(method, message)
    assert isinstance(answer, dict), f"{method} {message}: {answer}"
    return answer


def whole_life(client, task, name, *args, **fields):
    answer = client.call("Exec", exec_of(task, name, *args, **fields))
    assert answer == {}, answer
    pid = done(client, "Start", id=task, exec_id=name)["pid"]
    ended = done(client, "Wait", id=task, exec_id=name)
    deleted = done(client, "Delete", id=task, exec_id=name)
    assert deleted["pid"] == pid and deleted["exited_at"] == ended["exited_at"], deleted
    return deleted.get("exit_status", 0)


def together(*functions):
    """Runs them at the same time; the first failure is raised."""
    failures = []

    def run(function):
        try:
            function()
        except BaseException as failure:
            failures.append(failure)
    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


# ---- the commands ----

def state(address, task):
    client, worst = Client(address), 0
    for _ in range(20):
        begin = time.monotonic()
        done(client, "State", id=task)
        worst = max(worst, time.monotonic() - begin)
        time.sleep(0.02)
    print(int(worst * 1000))


def broken(address):
    client = Client(address)
    request = {"service": SERVICE, "method": "Create", "payload": b"\x0a\xff"}
    write_frame(client.sock, 1, 1, encode("Request", request))
    status = decode("Response", read_frame(client.sock)[2])["status"]
    print(status["code"], status["message"])


def execs(address, task, n):
    def some(prefix):
        client = Client(address)
        for i in range(int(n) // 2):
            assert whole_life(client, task, f"{prefix}{i}", "true") == 0
    together(lambda: some("a"), lambda: some("b"))


def last_words(address, task, directory, n):
    client = Client(address)
    for i in range(int(n)):
        fifo, word = f"{directory}/{i}", f"last words {i}"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        whole_life(client, task, f"e{i}", "printf", word, stdout=fifo)
        got = os.read(reader, 100).decode()
        assert got == word, f"'{got}' instead of '{word}'"
        assert os.read(reader, 1) == b"", "no end of file"
        os.close(reader)
        os.unlink(fifo)
        log = f"{directory}/{i}.log"
        whole_life(client, task, f"f{i}", "printf", word, stdout="file://" + log)
        with open(log) as f:
            got = f.read()
        assert got == word, f"'{got}' instead of '{word}' in a file"
        os.unlink(log)


def resizes(address, task, n):
    def resize(name, stop):
        client, size = Client(address), 0
        while not stop.is_set():
            size = (size + 1) % 200
            answer = client.call("ResizePty", {"id": task, "exec_id": name,
                                               "width": size, "height": size})
            assert answer == {} or answer[0] == 5, answer

    client = Client(address)
    for i in range(int(n)):
        stop, name = threading.Event(), f"r{i}"

        def live():
            try:
                assert whole_life(client, task, name, "true", terminal=True) == 0
            finally:
                stop.set()
        together(live, lambda: resize(name, stop))


def kills(address, bundle, root, n):
    client, other = Client(address), Client(address)
    options = {"type_url": "containerd.runc.v1.Options", "value": encode("Options", {"root": root})}
    outcomes = {"started": 0, "refused": 0}

    def start_exec(task):
        answer = client.call("Start", {"id": task, "exec_id": "e"})
        if isinstance(answer, tuple):
            assert answer[0] in (2, 9), answer
            outcomes["refused"] += 1
            return
        outcomes["started"] += 1
        ended = done(client, "Wait", id=task, exec_id="e")
        assert ended.get("exit_status", 0) in (0, 137), ended

    def kill(task, pause):
        time.sleep(pause)
        done(other, "Kill", id=task, signal=9)

    for i in range(int(n)):
        task = f"k{i}"
        done(client, "Create", id=task, bundle=bundle, options=options)
        done(client, "Start", id=task)
        assert client.call("Exec", exec_of(task, "e", "true")) == {}
        together(lambda: start_exec(task), lambda: kill(task, i % 10 * 0.001))
        assert done(client, "Wait", id=task)["exit_status"] == 137
        done(client, "Delete", id=task, exec_id="e")
        done(client, "Delete", id=task)
    print(json.dumps(outcomes))


if __name__ == "__main__":
    {f.__name__: f for f in (state, broken, execs, last_words, resizes, kills)}[sys.argv[1]](*sys.argv[2:])
