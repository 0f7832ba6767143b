// The logger that the library's own lines go through, and the observer that turns strategy events into lines.
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <optional>
#include <string_view>

#include "e6/shared/observer.h"

namespace e6::client {

/// The logger in use. Lock-free; the reference stays valid for ever.
[[nodiscard]] spdlog::logger& journal() noexcept;

/// Has the application set a logger of its own?
[[nodiscard]] bool journal_replaced() noexcept;

/// The level that a name stands for ("warning", "WARN", "info", ...); nothing for other words.
[[nodiscard]] std::optional<spdlog::level::level_enum> parse_level(std::string_view name) noexcept;

/// An observer that writes this process's strategy events about `cluster` to the journal.
[[nodiscard]] std::shared_ptr<Observer> make_observer(std::string_view cluster);

}  // namespace e6::client
