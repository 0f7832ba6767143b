// Makes gRPC and Protobuf complain, in a process whose standard error the test reads. Usage:
// client_log_probe host:port directory option... with the options
//   tls          speak TLS to a listener that does not
//   proxy        let a variable name a proxy that gRPC cannot use
//   call         health check, and one more call
//   own-handlers the application's own handlers are there first; prints what they heard
//   leave        E6DATA_LIBRARY_LOGS=leave
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "e6/client/connection.h"

namespace {

std::atomic<int> g_grpc_lines{0};
std::atomic<int> g_protobuf_lines{0};

void on_grpc(gpr_log_func_args*) {
  ++g_grpc_lines;
}

void on_protobuf(google::protobuf::LogLevel, const char*, int, const std::string&) {
  ++g_protobuf_lines;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string target = argv[1];
  e6::client::ConnectionOptions options;
  options.host = target.substr(0, target.rfind(':'));
  options.port = std::stoi(target.substr(target.rfind(':') + 1));
  options.user = "demo@e6data.com";
  options.password = "demo";
  options.shared.directory = argv[2];
  options.max_retry_attempts = 1;
  bool own = false;
  for (int i = 3; i < argc; ++i) {
    const std::string what = argv[i];
    if (what == "tls") options.tls.enabled = true;
    if (what == "proxy") ::setenv("http_proxy", "gopher://127.0.0.1:70", 1);
    if (what == "leave") ::setenv("E6DATA_LIBRARY_LOGS", "leave", 1);
    own = own || what == "own-handlers";
  }
  if (own) {
    gpr_set_log_function(&on_grpc);
    google::protobuf::SetLogHandler(&on_protobuf);
  }
  try {
    e6::client::Connection connection(options);
    connection.connect();
    (void)connection.schemas();
  } catch (const e6::client::Error& error) {
    std::printf("%s\n", error.what());
  }
  if (own)
    std::printf("own handlers heard gRPC %d, Protobuf %d\n", g_grpc_lines.load() != 0,
                g_protobuf_lines.load() != 0);
  return 0;
}
