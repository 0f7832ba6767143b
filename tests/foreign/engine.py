"""A minimal engine with two colours: what PROTOCOL.md says and nothing more. SIGUSR1 switches abruptly, SIGUSR2 gracefully (2 s announced)."""
import signal
import sys
import threading
import uuid
from concurrent import futures

import grpc

sys.path.insert(0, sys.argv[1])
import engine_pb2 as pb  # noqa: E402  (made by protoc into the directory given)

ANNOUNCED_S = 2.0


class Engine:
    def __init__(self):
        self.lock = threading.Lock()
        self.active, self.announced = "blue", ""
        self.sessions, self.queries = {}, {}  # id -> colour; id -> [session, engine, batches left]

    def switch(self, *_):
        with self.lock:
            self.active, self.announced = ("green" if self.active == "blue" else "blue"), ""

    def announce(self, *_):
        self.announced = "green" if self.active == "blue" else "blue"
        threading.Timer(ANNOUNCED_S, self.switch).start()

    def admit(self, context, query_id=None):
        """The colour of the call, or a refusal. Queries of the old colour are served to their end."""
        colour = dict(context.invocation_metadata()).get("strategy", "")
        serving = {self.active, self.announced} - {""}
        draining = self.graceful and query_id in self.queries
        if colour not in ("blue", "green") or (colour not in serving and not draining):
            context.abort(grpc.StatusCode.UNKNOWN, "Received http2 header with status: 456")
        return colour

    graceful = False

    def authenticate(self, request, context):
        colour = self.admit(context)
        if (request.user, request.password) != ("demo@e6data.com", "demo"):
            context.abort(grpc.StatusCode.INTERNAL, "Access denied")
        session = uuid.uuid4().hex
        self.sessions[session] = colour
        return self.answer(pb.AuthenticateResponse(sessionId=session), colour)

    def answer(self, response, colour):
        if self.announced and colour != self.announced:
            response.new_strategy = self.announced.upper()  # any case is allowed on the wire
        return response

    def query(self, request, context):
        colour = self.admit(context, request.queryId)
        known = self.queries.get(request.queryId)
        if known is None or known[0] != request.sessionId or known[1] != request.engineIP or self.sessions[known[0]] != colour:
            context.abort(grpc.StatusCode.INTERNAL, "Access denied")
        return colour, known

    def prepare(self, request, context):
        colour = self.admit(context)
        if self.sessions.get(request.sessionId) != colour:
            context.abort(grpc.StatusCode.INTERNAL, "Access denied")
        query_id = uuid.uuid4().hex
        self.queries[query_id] = [request.sessionId, "10.9.8.7", 2]
        return self.answer(pb.PrepareStatementResponse(engineIP="10.9.8.7", queryId=query_id, sessionId=request.sessionId), colour)

    def execute(self, request, context):
        colour, _ = self.query(request, context)
        return self.answer(pb.ExecuteStatementResponse(sessionId=request.sessionId), colour)

    def metadata(self, request, context):
        colour, _ = self.query(request, context)
        return self.answer(pb.GetResultMetadataResponse(resultMetaData=bytes(12), sessionId=request.sessionId), colour)

    def fetch(self, request, context):
        colour, known = self.query(request, context)
        known[2] -= 1
        # one row of no vectors: Chunk{1: size = 1, 2: empty list of structs}
        batch = b"\x08\x00\x01\x00\x00\x00\x01\x0f\x00\x02\x0c\x00\x00\x00\x00\x00" if known[2] > 0 else b""
        return self.answer(pb.GetNextResultBatchResponse(resultBatch=batch, sessionId=request.sessionId), colour)

    def clear(self, request, context):
        colour, _ = self.query(request, context)
        del self.queries[request.queryId]
        return self.answer(pb.ClearOrCancelQueryResponse(sessionId=request.sessionId), colour)


def main():
    engine = Engine()
    engine.graceful = sys.argv[2] == "graceful"
    calls = {
        "authenticate": (engine.authenticate, pb.AuthenticateRequest),
        "prepareStatement": (engine.prepare, pb.PrepareStatementRequest),
        "prepareStatementV2": (engine.prepare, pb.PrepareStatementV2Request),
        "executeStatement": (engine.execute, pb.ExecuteStatementRequest),
        "executeStatementV2": (engine.execute, pb.ExecuteStatementV2Request),
        "getResultMetadata": (engine.metadata, pb.GetResultMetadataRequest),
        "getNextResultBatch": (engine.fetch, pb.GetNextResultBatchRequest),
        "clearOrCancelQuery": (engine.clear, pb.ClearOrCancelQueryRequest),
    }
    handlers = {name: grpc.unary_unary_rpc_method_handler(call, request_deserializer=request.FromString,
                                                          response_serializer=lambda response: response.SerializeToString())
                for name, (call, request) in calls.items()}
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("QueryEngineService", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    signal.signal(signal.SIGUSR1, engine.switch)
    signal.signal(signal.SIGUSR2, engine.announce)
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
