#include "alone.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <tuple>

#include "text/escape.h"
#include "text/human.h"

namespace e6::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamed = 10;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The cluster that a descriptor's link names; nothing for every other descriptor.
std::optional<std::string> cluster_of(const std::string& link) {
  constexpr std::string_view kBefore = "/memfd:e6shm-alone:";
  constexpr std::string_view kAfter = " (deleted)";
  if (!link.starts_with(kBefore) || !link.ends_with(kAfter)) return std::nullopt;
  std::string cluster = link.substr(kBefore.size(), link.size() - kBefore.size() - kAfter.size());
  // as inspect::Report has it
  const auto unprintable = [](char c) { return c < 0x20 || c > 0x7e; };
  std::replace_if(cluster.begin(), cluster.end(), unprintable, '?');
  return cluster;
}

/// The process's number in its own PID namespace, which is what it wrote.
std::optional<std::uint32_t> own_number(const fs::path& process) {
  std::ifstream status(process / "status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("NSpid:")) return number(line.substr(line.find_last_of(" \t") + 1));
  return std::nullopt;
}

/// A forked child may have inherited it. What cannot be read counts.
bool made_by(const fs::path& process, const fs::path& descriptor) {
  const auto own = own_number(process);
  std::string maker(16, '\0');
  const int fd = ::open(descriptor.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return true;
  const ssize_t size = ::pread(fd, maker.data(), maker.size(), 0);
  ::close(fd);
  maker.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return !own || maker.empty() || number(maker) == own;
}

void add_those_of(const fs::path& process, std::uint32_t pid, std::vector<AloneProcess>& found) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    const auto cluster = cluster_of(fs::read_symlink(entry->path(), gone).string());
    if (gone || !cluster || !made_by(process, entry->path())) continue;
    struct stat owner {};
    std::string program;
    std::ifstream comm(process / "comm");
    std::getline(comm, program);
    if (::stat(process.c_str(), &owner) == 0)
      found.push_back({pid, owner.st_uid, std::move(program), *cluster});
  }
}

}  // namespace

std::vector<AloneProcess> alone_processes() {
  std::vector<AloneProcess> found;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    if (const auto pid = number(entry->path().filename().string()))
      add_those_of(entry->path(), *pid, found);
  }
  std::sort(found.begin(), found.end(), [](const AloneProcess& a, const AloneProcess& b) {
    return std::tie(a.cluster, a.pid) < std::tie(b.cluster, b.pid);
  });
  // a process may have the library twice, once in C++ and once in C
  const auto same = [](const AloneProcess& a, const AloneProcess& b) {
    return a.pid == b.pid && a.cluster == b.cluster;
  };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

std::vector<AloneProcess> alone_processes(const std::string& cluster) {
  auto found = alone_processes();
  std::erase_if(found, [&](const AloneProcess& one) { return one.cluster != cluster; });
  return found;
}

std::string sentence_of(const std::vector<AloneProcess>& alone) {
  if (alone.empty()) return {};
  std::string text = fmt::format(
      "{} without the segment:", counted(alone.size(), "process works", "processes work"));
  for (std::size_t i = 0; i < std::min(alone.size(), kNamed); ++i)
    text +=
        fmt::format("{} pid {} ({})", i == 0 ? "" : ",", alone[i].pid, escape(alone[i].program));
  if (alone.size() > kNamed) text += fmt::format(" and {} more", alone.size() - kNamed);
  return text;
}

}  // namespace e6::tool
