// The process that comes next.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "core/host_lock.h"
#include "core/segment.h"
#include "e6/shared/inspect.h"
#include "invariants.h"
#include "modes.h"
#include "stopwatch.h"

namespace e6::crash {
namespace {

void look_as_a_tool(const Scene& scene, Problems& problems) {
  const Stopwatch watch;
  const inspect::Report report = inspect::look(scene.path());
  if (watch.elapsed().count() > kRecoveryMs) problems.add("a tool took longer than the bound to look at the segment");
  const bool unusable = (scene.operation().special & kBrokenLock) != 0;
  for (const Error& e : report.problems) {
    if (unusable && (e.cause == Cause::kDamaged || e.cause == Cause::kForeignClock)) continue;
    if (e.cause != Cause::kUnknown && e.cause != Cause::kRetired) problems.add("a tool says: " + e.sentence());
  }
}

void attach_and_check(const Scene& scene, const Aftermath& aftermath, Problems& problems) {
  Actor next;
  next.options = scene.options();
  const Stopwatch watch;
  next.coordinator = Coordinator::attach(next.options).coordinator;
  if (watch.elapsed().count() > kRecoveryMs) problems.add("attaching took " + std::to_string(watch.elapsed().count()) + " ms");
  if (next.coordinator == nullptr || next.coordinator->mode() != Mode::kShared) {
    problems.add("a fresh process cannot attach: " + (next.coordinator ? next.coordinator->degraded_by().sentence() : std::string("no coordinator")));
    return;
  }
  core::Attachment& a = next.attachment();
  const std::uint32_t slot = a.slot.load();
  check_recovered({scene.operation(), aftermath, *a.segment, slot}, problems);
  std::vector<std::uint32_t> alive{slot};
  if (aftermath.neighbour && same_segment(aftermath.start.segment(), *a.segment)) alive.push_back(kNeighbourSlot);
  check_bytes(next.coordinator->path(), alive, problems);
  {
    const core::HostLock lock(a);
    if (!lock.held() || lock.recovered()) problems.add("after recovery the lock is not simply free");
  }
  // and the segment works
  next.coordinator->set(Strategy::kGreen);
  auto ticket = next.coordinator->begin_query();
  const bool pinned = (scene.operation().special & kAllPinsTaken) == 0;
  if (!ticket || ticket->strategy() != Strategy::kGreen ||
      (pinned && (next.coordinator->bind(*ticket, "query-afterwards", "engine-9") || !next.coordinator->find_query("query-afterwards"))))
    problems.add("after recovery a query cannot be begun, bound and found");
  const std::string only = scene.path().substr(scene.path().rfind('/') + 1);
  std::vector<std::string> entries = scene.entries();
  if ((scene.operation().special & kMakesRoom) != 0)
    std::erase(entries, core::segment_name(kUnusedCluster, ::geteuid(), std::nullopt));
  if (entries != std::vector<std::string>{only}) {
    std::string names;
    for (const std::string& name : scene.entries()) names += " " + name;
    problems.add("the directory holds" + names + " instead of the segment alone");
  }
}

}  // namespace

int in_a_process(const std::function<int(Problems&)>& part, Problems& problems) {
  int ends[2];
  if (::pipe(ends) != 0) return problems.add(std::string("pipe: ") + std::strerror(errno)), 0;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(20);
    Problems found;
    found.at(problems.where());
    const int answer = part(found);
    const std::string text = std::to_string(found.count()) + " " + std::to_string(answer) + "\n" + found.text();
    (void)!::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char bytes[2048];
  for (ssize_t n = 0; (n = ::read(ends[0], bytes, sizeof bytes)) > 0;) text.append(bytes, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  unsigned count = 0;
  int answer = 0;
  const bool told = std::sscanf(text.c_str(), "%u %d", &count, &answer) == 2;
  if (WIFSIGNALED(status))
    problems.add(std::string("the process that came next was ended by the signal ") + ::strsignal(WTERMSIG(status)));
  else if (!told)
    problems.add("the process that came next ended early");
  else
    problems.merge(count, text.substr(text.find('\n') + 1));
  return answer;
}

void recover_afresh(const Scene& scene, const Aftermath& aftermath, Problems& problems) {
  (void)in_a_process(
      [&](Problems& found) {
        look_as_a_tool(scene, found);
        attach_and_check(scene, aftermath, found);
        return 0;
      },
      problems);
}

}  // namespace e6::crash
