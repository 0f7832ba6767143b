// Mistakes and misfortunes: each ends soon, with a sentence and a status.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storm_fixture.h"

namespace e6::storm_test {
namespace {

class BadInput : public StormTest {
 protected:
  Outcome storm_at(const std::string& target, const Words& more = {}) {
    Words command{E6_STORM_PROGRAM, "--target", target, "--user", "u", "--password", "p", "--dir", directory()};
    command.insert(command.end(), more.begin(), more.end());
    return run(command);
  }
};

// A port of the loopback device; nobody answers what is sent to it, and nobody listens if `listening` is false.
class SilentPort {
 public:
  explicit SilentPort(bool listening) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    if (listening) {
      EXPECT_EQ(::listen(fd_, 64), 0);
    }
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    target = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentPort() { ::close(fd_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  std::string target;

 private:
  int fd_;
};

TEST_F(BadInput, a_port_where_nobody_listens_is_named_at_once) {
  const SilentPort port(false);
  const Outcome outcome = storm_at(port.target);
  EXPECT_EQ(outcome.status, 3);
  EXPECT_NE(outcome.err.find(port.target), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("refused"), std::string::npos) << outcome.err;
  EXPECT_LT(outcome.seconds, 5);
}

TEST_F(BadInput, a_host_that_does_not_exist_is_named) {
  const Outcome outcome = storm_at("no-such-host.invalid:80");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_NE(outcome.err.find("no-such-host.invalid"), std::string::npos) << outcome.err;
}

TEST_F(BadInput, a_port_that_never_answers_does_not_hang_the_storm) {
  const SilentPort port(true);
  const Outcome outcome = storm_at(port.target, {"--seconds", "20", "--timeout", "2s", "--json"});
  EXPECT_EQ(outcome.status, 3) << outcome.out;
  EXPECT_LT(outcome.seconds, 15);
  EXPECT_NE(outcome.err.find("127.0.0.1"), std::string::npos) << outcome.err;
}

TEST_F(BadInput, a_wrong_password_ends_the_storm_early_and_says_so) {
  start_engine();
  const Outcome outcome = run({E6_STORM_PROGRAM, "--target", target_, "--user", "demo@e6data.com", "--password",
                               "sesame-4711", "--workers", "4", "--seconds", "30", "--dir", directory(), "--json"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_LT(outcome.seconds, 15);
  const auto figures = nlohmann::json::parse(outcome.out, nullptr, false);
  ASSERT_FALSE(figures.is_discarded()) << outcome.err;
  EXPECT_EQ(figures["queries"], 0);
  EXPECT_GE(figures["failed"], 4);
  EXPECT_NE(figures["errors"].dump().find("password"), std::string::npos) << figures["errors"];
  EXPECT_EQ(outcome.out.find("sesame-4711"), std::string::npos) << "the password is not for the log";
}

TEST_F(BadInput, mistakes_on_the_command_line_name_the_flag_the_value_and_the_range) {
  const struct {
    Words arguments;
    const char* named;
  } mistakes[] = {
      {{"--wokers", "4"}, "--wokers"},
      {{"--workers", "0"}, "1 to 512"},
      {{"--workers", "many"}, "many"},
      {{"--threads", "65"}, "1 to 64"},
      {{"--seconds", "0"}, "0.1 to 86400"},
      {{"--seconds", "soon"}, "'soon'"},
      {{"--at", "9s"}, "--at"},
      {{"--seconds", "2", "--at", "9s", "true"}, "--seconds"},
      {{"--at", "later", "true"}, "'later'"},
      {{"--policy", "sometimes"}, "sometimes"},
  };
  for (const auto& mistake : mistakes) {
    const Outcome outcome = storm_at("127.0.0.1:1", mistake.arguments);
    EXPECT_EQ(outcome.status, 2) << mistake.named << ": " << outcome.err;
    EXPECT_NE(outcome.err.find(mistake.named), std::string::npos) << outcome.err;
    EXPECT_LT(outcome.seconds, 5);
  }
  EXPECT_EQ(storm_at("127.0.0.1:99999").status, 2);
  EXPECT_EQ(storm_at("127.0.0.1").status, 2);
}

TEST_F(BadInput, without_a_directory_for_segments_the_storm_runs_and_warns) {
  start_engine();
  Words command = storm(2, "1s");
  command[12] = directory() + "/none";
  ASSERT_EQ(command[11], "--dir");
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.err.find(directory() + "/none"), std::string::npos) << outcome.err;
  const auto figures = nlohmann::json::parse(outcome.out, nullptr, false);
  ASSERT_FALSE(figures.is_discarded());
  EXPECT_FALSE(figures["host"]["shared"]);
  EXPECT_GT(figures["queries"], 0);
}

TEST_F(BadInput, a_command_that_fails_is_reported_with_what_it_said) {
  start_engine();
  const Outcome outcome = run(storm(1, "1s", {"--at", "200ms", "echo 'it broke' >&2; exit 3"}));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.err.find("exit status 3"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("it broke"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace e6::storm_test
