#include "e6/client/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <utility>

#include "environment.h"
#include "journal.h"
#include "text/ascii.h"

namespace e6::client {
namespace {

// Writes each line with one write(2) and takes no lock: a lock that another thread holds at a fork would stay
// locked in the child. Each thread has its own formatter, because formatters cache the time.
class StderrSink final : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& msg) override {
    thread_local spdlog::pattern_formatter formatter("%Y-%m-%d %H:%M:%S.%e %P %l [%n] %v");
    spdlog::memory_buf_t line;
    formatter.format(msg, line);
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
};

// Loggers that were ever in use, newest first; never freed, so that journal() can hand out plain references
// without a lock.
struct Entry {
  std::shared_ptr<spdlog::logger> logger;
  Entry* older = nullptr;
};

std::atomic<Entry*> g_current{nullptr};

std::shared_ptr<spdlog::logger> default_logger() {
  static const auto* made = new std::shared_ptr<spdlog::logger>([] {
    auto logger = std::make_shared<spdlog::logger>("e6.client", std::make_shared<StderrSink>());
    const auto wanted = variable("E6DATA_LOG_LEVEL");
    logger->set_level(wanted ? parse_level(*wanted).value_or(spdlog::level::off)
                             : spdlog::level::off);
    return logger;
  }());
  return *made;
}

Entry* install(std::shared_ptr<spdlog::logger> logger) {
  auto* entry = new Entry{std::move(logger), nullptr};
  entry->older = g_current.load(std::memory_order_acquire);
  // Release pairs with the acquire in journal(): who sees the entry sees the logger in it.
  while (!g_current.compare_exchange_weak(entry->older, entry, std::memory_order_acq_rel)) {
  }
  return entry;
}

}  // namespace

std::optional<spdlog::level::level_enum> parse_level(std::string_view name) noexcept {
  const std::string text = ascii::lower(std::string(name.substr(0, 16)));
  if (text == "trace") return spdlog::level::trace;
  if (text == "debug") return spdlog::level::debug;
  if (text == "info") return spdlog::level::info;
  if (text == "warning" || text == "warn") return spdlog::level::warn;
  if (text == "error" || text == "err") return spdlog::level::err;
  if (text == "critical" || text == "fatal") return spdlog::level::critical;
  if (text == "off" || text == "none") return spdlog::level::off;
  return std::nullopt;
}

[[gnu::hot]] spdlog::logger& journal() noexcept {
  Entry* entry = g_current.load(std::memory_order_acquire);
  if (entry == nullptr) entry = install(default_logger());
  return *entry->logger;
}

bool journal_replaced() noexcept {
  return &journal() != default_logger().get();
}

void set_logger(std::shared_ptr<spdlog::logger> logger) {
  install(logger != nullptr ? std::move(logger) : default_logger());
}

std::shared_ptr<spdlog::logger> logger() {
  (void)journal();
  return g_current.load(std::memory_order_acquire)->logger;
}

}  // namespace e6::client
