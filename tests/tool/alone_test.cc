// Processes that work without a segment, as e6-shm finds them.
#include "alone.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <memory>
#include <vector>
#include <functional>
#include <set>
#include <string>

#include "prometheus.h"
#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

/// A process that works without the segment of a cluster until it is killed, or until it is told to
/// go on.
class Loner {
 public:
  Loner(const std::string& directory, const std::string& cluster,
        const std::function<void(const Options&)>& then = [](const Options&) {}) {
    if (::pipe(ready_) != 0 || ::pipe(go_on_) != 0) return;
    pid_ = ::fork();
    if (pid_ != 0) {
      ::close(ready_[1]);
      ::close(go_on_[0]);
      char byte = 0;
      EXPECT_EQ(::read(ready_[0], &byte, 1), 1) << "the child is not alone";
      return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(ready_[0]);
    ::close(go_on_[1]);
    Options options;
    options.cluster = cluster;
    options.directory = directory;
    options.fallback_warning = false;
    const auto kept = Coordinator::attach(options).coordinator;
    if (kept->mode() != Mode::kFallback) ::_exit(1);
    then(options);
    (void)!::write(ready_[1], "x", 1);
    char byte = 0;
    (void)!::read(go_on_[0], &byte, 1);
    ::_exit(0);
  }
  ~Loner() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(ready_[0]);
    ::close(go_on_[1]);
  }
  Loner(const Loner&) = delete;
  Loner& operator=(const Loner&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  int ready_[2] = {-1, -1};
  int go_on_[2] = {-1, -1};
  pid_t pid_ = -1;
};

class Alone : public ToolTest {
 protected:
  [[nodiscard]] std::string missing() const { return (root_ / "missing").string(); }
  /// Those of this test alone: others run beside it, and what is found is all over the machine.
  static std::string cluster(const std::string& name = "") {
    return "alone-" + std::to_string(::getpid()) + ":80" + name;
  }
  /// The process ids in a list of them, of one cluster.
  static std::set<int> pids(const nlohmann::json& list,
                            const std::string& cluster = Alone::cluster()) {
    std::set<int> found;
    for (const auto& one : list)
      if (one["cluster"] == cluster) found.insert(one["pid"].get<int>());
    return found;
  }
};
using Pids = std::set<int>;

TEST_F(Alone, ls_lists_them_with_pid_program_and_cluster) {
  const Loner one(missing(), cluster());
  const Loner other(missing(), cluster("/\"b\""));
  const auto outcome = run({"ls"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  for (const std::string& part :
       {std::string("no segment in"), std::string("processes that work without a segment"),
        std::to_string(one.pid()), std::to_string(other.pid()), std::string("tool_test"),
        cluster(), cluster("/\"b\"")})
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " in " << outcome.out;
  const auto json = run({"ls", "--json"}).json();
  EXPECT_EQ(pids(json["alone"]), Pids{one.pid()});
  EXPECT_EQ(pids(json["alone"], cluster("/\"b\"")), Pids{other.pid()});
  for (const auto& process : json["alone"])
    if (process["pid"] == one.pid()) {
      EXPECT_EQ(process["program"], "tool_test");
      EXPECT_EQ(process["uid"], ::geteuid());
    }
}

TEST_F(Alone, status_is_degraded_by_them_and_names_them) {
  const auto coordinator = attach(cluster());
  EXPECT_EQ(run({"status", cluster()}).status, 0);
  {
    const Loner one(missing(), cluster());
    const Loner two(missing(), cluster());
    const Loner other(missing(), cluster("1"));
    const auto outcome = run({"status", cluster()});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.first_line().find("degraded: "), 0U) << outcome.out;
    for (const std::string& part :
         {std::string("2 processes work without the segment:"),
          "pid " + std::to_string(one.pid()) + " (tool_test)", "pid " + std::to_string(two.pid())})
      EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " in " << outcome.out;
    const auto json = run({"status", cluster(), "--json"}).json();
    EXPECT_EQ(json["condition"], "degraded");
    EXPECT_EQ(pids(json["alone"]), (Pids{one.pid(), two.pid()}));
    EXPECT_EQ(json["alone"].size(), 2U);
  }
  const auto json = run({"status", cluster(), "--json"}).json();
  EXPECT_EQ(json["condition"], "ok");
  EXPECT_EQ(json["alone"].size(), 0U);
}

TEST_F(Alone, where_there_is_no_segment_the_error_names_them) {
  const Loner one(missing(), cluster());
  const auto named = run({"status", "A" + cluster().substr(1)});
  EXPECT_EQ(named.status, 3);
  EXPECT_NE(named.err.find("pid " + std::to_string(one.pid())), std::string::npos) << named.err;
  const auto unnamed = run({"status"});
  EXPECT_EQ(unnamed.status, 3);
  EXPECT_NE(unnamed.err.find(" without the segment: pid "), std::string::npos) << unnamed.err;
}

TEST_F(Alone, a_saved_copy_is_not_blamed_for_them) {
  const auto coordinator = attach(cluster());
  const Loner one(missing(), cluster());
  const std::string copy = (root_ / "copy").string();
  ASSERT_EQ(run({"save", copy, cluster()}).status, 0);
  EXPECT_EQ(run({"status", "--file", copy}).status, 0);
}

TEST_F(Alone, one_that_is_on_a_segment_again_is_not_among_them) {
  std::shared_ptr<Coordinator> kept;
  const Loner one(missing(), cluster(), [&](const Options& options) {
    std::filesystem::create_directory(options.directory);
    kept = Coordinator::attach(options).coordinator;
  });
  EXPECT_EQ(pids(run({"ls", "--json"}).json()["alone"]), Pids{});
}

TEST_F(Alone, a_child_that_has_inherited_the_descriptor_is_not_among_them) {
  pid_t heir = -1;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Loner one(missing(), cluster(), [&](const Options&) {
    const long child = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (child == 0) {  // without the handlers that close it
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) ::pause();
    }
    const auto pid = static_cast<pid_t>(child);
    (void)!::write(ends[1], &pid, sizeof pid);
  });
  ASSERT_EQ(::read(ends[0], &heir, sizeof heir), static_cast<ssize_t>(sizeof heir));
  EXPECT_EQ(::kill(heir, 0), 0);
  EXPECT_EQ(pids(run({"ls", "--json"}).json()["alone"]), Pids{one.pid()});
  ::close(ends[0]);
  ::close(ends[1]);
}

/// The value of the gauge for a cluster; -1 when there is none, -2 when there are several.
int gauge(const std::string& text, const std::string& cluster) {
  const std::string before = "e6_shm_processes_alone{cluster=\"" + cluster + "\",directory=\"";
  const auto at = text.find(before);
  if (at == std::string::npos) return -1;
  if (text.find(before, at + 1) != std::string::npos) return -2;
  return std::stoi(text.substr(text.find("\"} ", at) + 3));
}

TEST_F(Alone, metrics_count_them_by_cluster_also_without_any_segment) {
  const auto one = std::make_unique<Loner>(missing(), cluster());
  auto outcome = run({"metrics"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(gauge(outcome.out, cluster()), 1) << outcome.out;
  const auto two = std::make_unique<Loner>(missing(), cluster());
  const auto coordinator = attach(cluster());
  const auto other = attach(cluster("1"));
  outcome = run({"metrics"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(gauge(outcome.out, cluster()), 2) << outcome.out;
  EXPECT_EQ(gauge(outcome.out, cluster("1")), 0) << outcome.out;
  outcome = run({"metrics", cluster("1")});
  EXPECT_EQ(gauge(outcome.out, cluster("1")), 0) << outcome.out;
  EXPECT_EQ(gauge(outcome.out, cluster()), -1) << outcome.out;
}

TEST(AloneSeries, of_two_directories_are_two) {
  const std::map<std::string, std::size_t> alone = {{"one:80", 1}, {"two:80", 2}};
  const std::string text =
      exposition(metrics_of({}, alone, "/a")) + exposition(metrics_of({}, alone, "/b"));
  for (const char* line : {"e6_shm_processes_alone{cluster=\"one:80\",directory=\"/a\"} 1\n",
                           "e6_shm_processes_alone{cluster=\"one:80\",directory=\"/b\"} 1\n",
                           "e6_shm_processes_alone{cluster=\"two:80\",directory=\"/a\"} 2\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << " in " << text;
}

TEST(AloneSentence, names_the_first_ten_and_escapes_what_they_call_themselves) {
  EXPECT_EQ(sentence_of({}), "");
  EXPECT_EQ(sentence_of({{17, 0, "a\x1b[31m", "c"}}),
            "1 process works without the segment: pid 17 (a\\x1b[31m)");
  std::vector<AloneProcess> crowd;
  for (std::uint32_t pid = 1; pid <= 12; ++pid) crowd.push_back({pid, 0, "p", "c"});
  const std::string text = sentence_of(crowd);
  EXPECT_EQ(text.find("12 processes work without the segment: pid 1 (p), pid 2 (p)"), 0U) << text;
  EXPECT_NE(text.find("pid 10 (p) and 2 more"), std::string::npos) << text;
}

}  // namespace
}  // namespace e6::tool::test
