#include "library_logs.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

#include "e6/client/log.h"
#include "environment.h"
#include "journal.h"
#include "text/one_line.h"

// Protobuf's own handler, which its headers do not show. Null where a version does not have it.
namespace google::protobuf::internal {
[[gnu::weak]] void DefaultLogHandler(LogLevel level, const char* file, int line,
                                     const std::string& message);
}  // namespace google::protobuf::internal

namespace e6::client {
namespace {

std::atomic<bool> g_left{false};

// What a process says before it aborts is not lost with the process's log.
void last_words(const std::string& line) noexcept {
  const std::string text = line + "\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

void tell(spdlog::level::level_enum level, const char* library, std::string_view message,
          const char* file, int line, bool dying) noexcept {
  try {
    spdlog::logger& log = journal();
    const bool logged = log.should_log(level);
    if (!logged && !dying) return;
    const std::string_view path(file != nullptr ? file : "");
    const std::string text = std::string(library) + ": " + one_line(message) + " (" +
                             std::string(path.substr(path.rfind('/') + 1)) + ":" +
                             std::to_string(line) + ")";
    if (logged) {
      log.log(level, "{}", text);
    } else {
      last_words(text);
    }
  } catch (...) {  // an application's sink may throw, and the library that called this must not
  }
}

void on_grpc(gpr_log_func_args* said) {
  const std::string_view message(said->message);
  const auto level = said->severity == GPR_LOG_SEVERITY_DEBUG  ? spdlog::level::debug
                     : said->severity == GPR_LOG_SEVERITY_INFO ? spdlog::level::info
                                                               : spdlog::level::err;
  const bool dying =
      message.starts_with("ASSERTION FAILED") || message.starts_with("assertion failed");
  tell(level, "gRPC", message, said->file, said->line, dying);
}

void on_protobuf(google::protobuf::LogLevel severity, const char* file, int line,
                 const std::string& message) {
  const auto level = severity == google::protobuf::LOGLEVEL_INFO      ? spdlog::level::info
                     : severity == google::protobuf::LOGLEVEL_WARNING ? spdlog::level::warn
                     : severity == google::protobuf::LOGLEVEL_ERROR   ? spdlog::level::err
                                                                      : spdlog::level::critical;
  tell(level, "Protobuf", message, file, line, severity == google::protobuf::LOGLEVEL_FATAL);
}

void install() {
  if (g_left.load(std::memory_order_relaxed) || variable("E6DATA_LIBRARY_LOGS") == "leave") return;
  // gRPC cannot be asked which handler it has. Who asks for its log by gRPC's own variables, while
  // ours is off, wants it where gRPC writes it.
  const bool asked = variable("GRPC_VERBOSITY") || variable("GRPC_TRACE");
  if (!asked || journal().level() != spdlog::level::off) gpr_set_log_function(&on_grpc);
  using google::protobuf::SetLogHandler;
  google::protobuf::LogHandler* const before = SetLogHandler(&on_protobuf);
  if (before != &google::protobuf::internal::DefaultLogHandler) SetLogHandler(before);
}

}  // namespace

void route_library_logs() noexcept {
  static const bool installed = [] {
    install();
    return true;
  }();
  (void)installed;
}

void leave_library_logs() noexcept {
  g_left.store(true, std::memory_order_relaxed);
}

}  // namespace e6::client
