// What libclient costs over a bare generated stub that makes the same calls with the same headers and deadline, in
// pairs within one run: bare and client take turns, and in every other pair the client goes first. The row "two bare stubs"
// compares the bare stub with another one: what it shows beside 1 is noise. A pause of 1 us before a call costs about 1.5 us
// of its duration, because the other side's thread goes to sleep meanwhile.
//
// The last columns are about this process's calling thread: allocations (operator new) per call beyond the stub's.
#include <grpcpp/grpcpp.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "allocations.h"
#include "e6/client/connection.h"
#include "engine.grpc.pb.h"
#include "raw_server.h"

namespace e6::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// What somebody writes who uses the stub directly and knows the colour.
class Bare {
 public:
  explicit Bare(const std::string& target) : stub_(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments())) {
    AuthenticateRequest request;
    request.set_user("demo@e6data.com");
    request.set_password("demo");
    AuthenticateResponse response;
    call(&QueryEngineService::Stub::authenticate, request, response, false);
    session_ = response.sessionid();
  }

  void execute(const std::string& sql) {
    PrepareStatementV2Request prepare;
    prepare.set_sessionid(session_);
    prepare.set_schema("db");
    prepare.set_catalog("cat");
    prepare.set_querystring(sql);
    PrepareStatementResponse prepared;
    call(&QueryEngineService::Stub::prepareStatementV2, prepare, prepared, false);
    engine_ = std::move(*prepared.mutable_engineip());
    query_ = std::move(*prepared.mutable_queryid());
    ExecuteStatementResponse executed;
    call(&QueryEngineService::Stub::executeStatementV2, about<ExecuteStatementV2Request>(), executed, true);
  }
  bool status() {
    StatusResponse response;
    call(&QueryEngineService::Stub::status, about<StatusRequest>(), response, true);
    return response.status();
  }
  std::string fetch() {
    GetNextResultBatchResponse response;
    call(&QueryEngineService::Stub::getNextResultBatch, about<GetNextResultBatchRequest>(), response, true);
    return std::move(*response.mutable_resultbatch());
  }
  void clear() {
    ClearOrCancelQueryResponse response;
    call(&QueryEngineService::Stub::clearOrCancelQuery, about<ClearOrCancelQueryRequest>(), response, true);
  }
  std::vector<std::string> tables() {
    GetTablesV2Request request;
    request.set_sessionid(session_);
    request.set_schema("sales");
    request.set_catalog("cat");
    GetTablesResponse response;
    call(&QueryEngineService::Stub::getTablesV2, request, response, false);
    return {std::make_move_iterator(response.mutable_tables()->begin()), std::make_move_iterator(response.mutable_tables()->end())};
  }

 private:
  static grpc::ChannelArguments arguments() {
    grpc::ChannelArguments args;  // those of the client, which cost something by themselves
    args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
    args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 25'000);
    args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
    args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 2);
    args.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 4 << 20);
    args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    args.SetUserAgentPrefix("e6-client/0.0.0 pid=10000");  // as long as the client's
    args.SetMaxSendMessageSize(300 << 20);
    args.SetMaxReceiveMessageSize(-1);
    args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return args;
  }
  template <class Request>
  Request about() {
    Request request;
    request.set_engineip(engine_);
    request.set_sessionid(session_);
    request.set_queryid(query_);
    return request;
  }
  template <class Request, class Response>
  void call(grpc::Status (QueryEngineService::Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request,
            Response& response, bool about_query) {
    grpc::ClientContext context;
    if (about_query) context.AddMetadata("plannerip", engine_);
    context.AddMetadata("cluster-name", "main");
    context.AddMetadata("strategy", "blue");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(600));
    const grpc::Status status = (stub_.*method)(&context, request, &response);
    if (status.ok()) return;
    fprintf(stderr, "overhead bench: %s\n", status.error_message().c_str());
    exit(1);
  }
  QueryEngineService::Stub stub_;
  std::string session_, engine_, query_;
};

struct Side {
  std::vector<double> micros;
  std::uint64_t allocated = 0;

  void run(const std::function<void()>& work) {
    const std::uint64_t before = allocations();
    const auto start = Clock::now();
    work();
    const auto took = Clock::now() - start;
    allocated += allocations() - before;
    micros.push_back(std::chrono::duration<double, std::micro>(took).count());
  }
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void compare(const char* what, int calls, int rounds, const std::function<void()>& bare, const std::function<void()>& client) {
  for (int i = 0; i < 200; ++i) bare(), client();
  Side one;
  Side other;
  one.micros.reserve(static_cast<std::size_t>(rounds));
  other.micros.reserve(static_cast<std::size_t>(rounds));
  for (int i = 0; i < rounds; ++i) {
    if (i % 2 == 0) {
      one.run(bare);
      other.run(client);
    } else {
      other.run(client);
      one.run(bare);
    }
  }
  std::vector<double> ratios;
  for (std::size_t i = 0; i < one.micros.size(); ++i) ratios.push_back(other.micros[i] / one.micros[i]);
  const double per = static_cast<double>(rounds) * calls;
  printf("%-34s %5d   %9.1f %9.1f   %6.3f  %6.3f   %6.2f %6.2f  %+6.2f\n", what, calls, median(one.micros), median(other.micros),
         median(other.micros) / median(one.micros), median(ratios), static_cast<double>(one.allocated) / per,
         static_cast<double>(other.allocated) / per, (static_cast<double>(other.allocated) - static_cast<double>(one.allocated)) / per);
  fflush(stdout);
}

int run(int rounds) {
  ::setenv("GRPC_POLL_STRATEGY", "poll", 0);  // what libclient chooses; the bare stub shall have the same
  const RawServer server;
  const struct Directory {
    std::string path = "/dev/shm/e6-bench-XXXXXX";
    Directory() {
      if (::mkdtemp(path.data()) == nullptr) path = "/tmp";
    }
    ~Directory() {
      if (path != "/tmp") std::filesystem::remove_all(path);
    }
  } segments;
  client::ConnectionOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.user = "demo@e6data.com";
  options.password = "demo";
  options.catalog = "cat";
  options.database = "db";
  options.cluster_name = "main";
  options.shared.directory = segments.path;
  client::Connection connection(options);
  connection.connect();
  Bare bare(options.target());
  Bare twin(options.target());

  const std::string sql = "select a, b, c from a_table_with_a_name where a > 17 order by b";
  printf("%-34s %5s   %9s %9s   %6s  %6s   %6s %6s  %6s\n", "", "calls", "bare us", "client us", "ratio", "paired", "bare", "client", "extra");
  printf("%-34s %5s   %9s %9s   %6s  %6s   %22s\n", "", "", "median", "median", "of med", "median", "allocations per call");
  {
    client::Cursor cursor = connection.cursor();
    cursor.execute(sql);
    bare.execute(sql);
    twin.execute(sql);
    compare("two bare stubs: status", 1, rounds, [&] { (void)bare.status(); }, [&] { (void)twin.status(); });
    compare("status", 1, rounds, [&] { (void)bare.status(); }, [&] { (void)cursor.status(); });
    compare("fetch, 1000 bytes", 1, rounds, [&] { (void)bare.fetch(); }, [&] { (void)cursor.fetch_batch(); });
    compare("status, again", 1, rounds, [&] { (void)bare.status(); }, [&] { (void)cursor.status(); });
  }
  compare("tables", 1, rounds, [&] { (void)bare.tables(); }, [&] { (void)connection.tables("sales"); });
  compare(
      "prepare, execute, fetch, clear", 4, rounds / 2,
      [&] {
        bare.execute(sql);
        (void)bare.fetch();
        bare.clear();
      },
      [&] {
        client::Cursor cursor = connection.cursor();
        cursor.execute(sql);
        (void)cursor.fetch_batch();
        cursor.clear();
      });
  return 0;
}

}  // namespace
}  // namespace e6::bench

int main(int argc, char** argv) {
  // `./run bench` hands Google Benchmark's options to every bench; here only a plain number counts.
  const int rounds = argc > 1 && atoi(argv[1]) > 0 ? atoi(argv[1]) : 4000;
  return e6::bench::run(rounds);
}
