#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One call of CRI:  cri_client.py DESCRIPTORS SOCKET METHOD [REQUEST]

DESCRIPTORS is the compiled cri.proto, REQUEST and the answer on standard output are JSON, bytes in
base64. A call that fails prints its code and text and ends with 1.
"""

import sys

import grpc
from google.protobuf import descriptor_pb2, json_format, message_factory

CALL_LIMIT = 60  # seconds


def load_methods(path):
    """Every method of the service, by its short name."""
    with open(path, "rb") as file:
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    messages = message_factory.GetMessages(files.file)
    return {
        method.name: (
            f"/{file.package}.{service.name}/{method.name}",
            messages[method.input_type.lstrip(".")],
            messages[method.output_type.lstrip(".")],
        )
        for file in files.file
        for service in file.service
        for method in service.method
    }


def call(descriptors, socket, method, request="{}"):
    path, request_type, answer_type = load_methods(descriptors)[method]
    message = json_format.Parse(request, request_type())
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        answer = channel.unary_unary(
            path, request_type.SerializeToString, answer_type.FromString
        )(message, timeout=CALL_LIMIT, wait_for_ready=True)
    return json_format.MessageToJson(
        answer, including_default_value_fields=True, preserving_proto_field_name=True
    )


try:
    print(call(*sys.argv[1:]))
except grpc.RpcError as error:
    sys.exit(f"{error.code().name}: {error.details()}")
