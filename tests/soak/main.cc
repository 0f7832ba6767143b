// soak: thousands of random deaths among processes that share a segment, while readers verify and everything is reconciled at the end.
//
// The program that is started only guards: it runs the conductor in a process group of its own and sees to it that nobody of that group survives.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>

#include "area.h"
#include "conductor.h"
#include "reconcile.h"
#include "worker.h"

namespace {

using namespace e6::soak;

volatile std::sig_atomic_t group = 0;
void end_all(int) {
  if (group > 0) ::kill(-group, SIGKILL);
}

int conduct(const Plan& plan, const std::string& directory) {
  // a fork adds a life, and so do exec and each replacement
  const auto lives = static_cast<std::uint32_t>(std::min<std::uint64_t>(plan.kills * 4 + 4096, 1U << 22));
  Area area(lives, plan.seed, directory);
  Conductor conductor(area, plan);
  conductor.run();
  reconcile(area, conductor);
  const std::uint32_t complaints = area->complaints.load();
  for (std::uint32_t i = 0; i < std::min(complaints, kComplaints); ++i) std::printf("WRONG: %s\n", area->complaint[i]);
  if (complaints == 0)
    std::printf("verdict: nothing lost, nothing stuck (%llu kills, seed %llu)\n", static_cast<unsigned long long>(plan.kills),
                static_cast<unsigned long long>(plan.seed));
  else
    std::printf("verdict: %u complaints (seed %llu)\n", complaints, static_cast<unsigned long long>(plan.seed));
  std::fflush(stdout);
  return complaints == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "worker") {
    static Area area(std::atoi(argv[2]));
    run_worker(area, nullptr);
  }
  Plan plan;
  std::string parent = "/dev/shm";
  CLI::App app{"Kills, stops, forks and replaces processes that share a segment, at random, and checks that nothing is lost and nobody stuck."};
  app.add_option("--kills", plan.kills, "how many processes to kill")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  app.add_option("--seed", plan.seed, "of all random choices; 0 takes one, and prints it");
  app.add_option("--workers", plan.workers, "how many processes there are at a time")->check(CLI::Range(2, 400))->capture_default_str();
  app.add_option("--directory", parent, "where the segment's own directory is made")->capture_default_str();
  app.footer("Status: 0 nothing is wrong, 1 something is, 2 bad usage, 3 it could not be tried.\nExample: soak --kills 1000 --workers 8");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (plan.seed == 0) plan.seed = std::random_device{}();
  std::string directory = parent + "/e6-soak-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    std::perror(("soak: " + directory).c_str());
    return 3;
  }
  std::printf("soak: %llu kills among %u workers, seed %llu\n", static_cast<unsigned long long>(plan.kills), plan.workers,
              static_cast<unsigned long long>(plan.seed));
  std::fflush(stdout);

  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::exit(conduct(plan, directory));
  }
  ::setpgid(pid, pid);
  group = pid;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, end_all);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  end_all(0);
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}
