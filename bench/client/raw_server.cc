#include "raw_server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>

#include "engine.pb.h"

namespace e6::bench {
namespace {

grpc::ByteBuffer bytes_of(const google::protobuf::Message& message) {
  const std::string text = message.SerializeAsString();
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

class Service final : public grpc::CallbackGenericService {
 public:
  Service() {
    const std::string session = "0123456789abcdef0123456789abcdef";
    AuthenticateResponse authenticated;
    authenticated.set_sessionid(session);
    add("authenticate", authenticated);
    PrepareStatementResponse prepared;
    prepared.set_engineip("10.0.0.17");
    prepared.set_queryid("fedcba9876543210fedcba9876543210");
    prepared.set_sessionid(session);
    add("prepareStatementV2", prepared);
    ExecuteStatementResponse executed;
    executed.set_sessionid(session);
    add("executeStatementV2", executed);
    StatusResponse status;
    status.set_status(true);
    status.set_rowcount(100);
    status.set_sessionid(session);
    add("status", status);
    GetNextResultBatchResponse batch;
    batch.set_resultbatch(std::string(1000, '\x0b'));
    batch.set_sessionid(session);
    add("getNextResultBatch", batch);
    ClearOrCancelQueryResponse cleared;
    cleared.set_sessionid(session);
    add("clearOrCancelQuery", cleared);
    GetTablesResponse tables;
    for (int i = 0; i < 10; ++i) tables.add_tables("table_with_a_long_name_" + std::to_string(i));
    tables.set_sessionid(session);
    add("getTablesV2", tables);
  }

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    const auto found = answers_.find(context->method());
    return new Reactor(found == answers_.end() ? nullptr : &found->second);
  }

 private:
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(const grpc::ByteBuffer* answer) : answer_(answer) { StartRead(&request_); }
    void OnReadDone(bool ok) override {
      if (!ok || answer_ == nullptr) {
        Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "the bench makes no such call"));
      } else {
        StartWriteAndFinish(answer_, grpc::WriteOptions(), grpc::Status::OK);
      }
    }
    void OnDone() override { delete this; }

   private:
    const grpc::ByteBuffer* answer_;
    grpc::ByteBuffer request_;
  };
  void add(const std::string& call, const google::protobuf::Message& answer) {
    answers_.emplace("/QueryEngineService/" + call, bytes_of(answer));
  }
  std::map<std::string, grpc::ByteBuffer> answers_;
};

[[noreturn]] void serve(int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  Service service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || ::write(out, &port, sizeof port) != sizeof port) ::_exit(1);
  server->Wait();
  ::_exit(0);
}

}  // namespace

RawServer::RawServer() {
  int ends[2];
  if (::pipe(ends) != 0 || (pid_ = ::fork()) < 0) {
    perror("overhead bench");
    ::exit(1);
  }
  if (pid_ == 0) {
    ::close(ends[0]);
    serve(ends[1]);
  }
  ::close(ends[1]);
  if (::read(ends[0], &port_, sizeof port_) != sizeof port_) {
    fputs("overhead bench: the server does not start\n", stderr);
    ::exit(1);
  }
  ::close(ends[0]);
}

RawServer::~RawServer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace e6::bench
