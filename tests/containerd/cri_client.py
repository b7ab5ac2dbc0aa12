#!/usr/bin/python3 -BIS
# SPDX-License-Identifier: Apache-2.0
"""One call of CRI:  cri_client.py SOCKET METHOD [REQUEST]

REQUEST and the answer on standard output are JSON by the names of cri.proto, bytes in base64. A call
that fails prints its code and text and ends with 1.
"""

import base64
import json
import os.path
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../lib"))
from grpc_client import CallError, Channel  # noqa: E402
from ttrpc_client import MESSAGES, decode, encode  # noqa: E402


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


def call(address, method, message="{}"):
    request_type, answer_type = METHODS[method]
    request = encode(request_type, from_json(request_type, json.loads(message)))
    try:
        data = Channel(address).call(f"/{SERVICE}/{method}", request)
    except CallError as error:
        sys.exit(str(error))
    return to_json(answer_type, decode(answer_type, data))


print(json.dumps(call(*sys.argv[1:])))
