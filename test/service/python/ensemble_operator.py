"""EnsembleOperator in Python, written from proto/ensemble-service.proto alone and shared with nothing of this package.

    ensemble_operator.py client TARGET < REQUESTS    one JSON request a line in, one JSON answer a line out
    ensemble_operator.py server                      prints its port, answers and prints what it heard, until its input ends
"""

import json
import sys
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "convergedcomputing.org.grpc.v1"
STRING, ENUM = 9, 14


def load():
    """The messages by name, made of a description of the file."""
    file = descriptor_pb2.FileDescriptorProto(name="ensemble-service.proto", package=PACKAGE, syntax="proto3")
    fields = {
        "StatusRequest": [("member", 1, STRING), ("name", 2, STRING)],
        "ActionRequest": [("member", 1, STRING), ("name", 2, STRING), ("action", 3, STRING), ("payload", 4, STRING)],
        "Response": [("payload", 1, STRING), ("status", 4, ENUM)],
    }
    for message_name, members in fields.items():
        message = file.message_type.add(name=message_name)
        for name, number, kind in members:
            field = message.field.add(name=name, number=number, type=kind, label=1)
            if kind == ENUM:
                field.type_name = f".{PACKAGE}.Response.ResultType"
    kinds = file.message_type[2].enum_type.add(name="ResultType")
    for number, name in enumerate(["UNSPECIFIED", "SUCCESS", "ERROR", "DENIED", "EXISTS"]):
        kinds.value.add(name=name, number=number)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    make = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
    return {name: make(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in fields}


MESSAGES = load()
METHODS = {"RequestStatus": "StatusRequest", "RequestAction": "ActionRequest"}


def client(target):
    with grpc.insecure_channel(target) as channel:
        calls = {
            method: channel.unary_unary(
                f"/{PACKAGE}.EnsembleOperator/{method}",
                request_serializer=MESSAGES[request].SerializeToString,
                response_deserializer=MESSAGES["Response"].FromString,
            )
            for method, request in METHODS.items()
        }
        for line in sys.stdin:
            request = json.loads(line)
            method = request.pop("method")
            try:
                answer = calls[method](MESSAGES[METHODS[method]](**request), timeout=20)
                print(json.dumps({"status": answer.status, "payload": answer.payload}), flush=True)
            except grpc.RpcError as error:
                print(json.dumps({"grpc": error.code().name, "details": error.details()}), flush=True)


def server():
    """Does with sizes what its name says, in a cluster of 4 nodes at most; `odd` names give odd answers."""
    sizes = {"lammps": 2}
    response = MESSAGES["Response"]

    def act(request, context):
        print(json.dumps({"member": request.member, "name": request.name, "action": request.action,
                          "payload": request.payload}), flush=True)
        if request.name == "mute":
            return response()
        if request.name == "terse":
            return response(status=1)
        if request.name == "odd":
            return response(status=9, payload="{")
        if request.name not in sizes:
            return response(status=2, payload=json.dumps({"reason": "no such cluster"}))
        payload = json.loads(request.payload)
        before = sizes[request.name]
        delta = payload["grow"] if request.action == "grow" else -payload["shrink"]
        sizes[request.name] = min(4, max(1, before + delta))
        return response(status=1, payload=json.dumps({"before": before, "after": sizes[request.name]}))

    def status(request, context):
        return response(status=1, payload=json.dumps({"size": sizes.get(request.name)}))

    handlers = {
        method: grpc.unary_unary_rpc_method_handler(
            behavior,
            request_deserializer=MESSAGES[METHODS[method]].FromString,
            response_serializer=response.SerializeToString,
        )
        for method, behavior in {"RequestStatus": status, "RequestAction": act}.items()
    }
    running = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    running.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(f"{PACKAGE}.EnsembleOperator", handlers),))
    print(running.add_insecure_port("127.0.0.1:0"), flush=True)
    running.start()
    sys.stdin.read()
    running.stop(0)


if __name__ == "__main__":
    client(sys.argv[2]) if sys.argv[1] == "client" else server()
