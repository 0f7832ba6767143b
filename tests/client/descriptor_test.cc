// What libclient itself opens in a process that has closed its descriptors 0, 1 and 2.
#include "descriptor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "tls_trouble.h"

namespace e6::client::test {
namespace {

void close_stdio() {
  for (int fd = 0; fd < 3; ++fd) ::close(fd);
}

bool all_closed() {
  for (int fd = 0; fd < 3; ++fd)
    if (::fcntl(fd, F_GETFD) != -1) return false;
  return true;
}

/// Runs `body` in a child, which an alarm ends at the latest.
template <class Body>
int in_child(const Body& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(20);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(DescriptorTest, a_file_is_read_whole_and_above_the_descriptors_that_the_process_has_closed) {
  std::string name = (std::filesystem::temp_directory_path() / "e6-pem-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::string path = name + "/pem";
  EXPECT_FALSE(read_file(path));
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(0, in_child([&] {
              const int other_end = ::open(path.c_str(), O_RDWR | O_CLOEXEC);  // waits for nobody
              close_stdio();
              std::optional<std::string> bytes;
              std::thread reading([&] { bytes = read_file(path); });
              const auto empty = [&] {  // then it has been read, and the file is open
                int left = 1;
                return ::ioctl(other_end, FIONREAD, &left) == 0 && left == 0;
              };
              if (::write(other_end, "half ", 5) != 5) return 2;
              while (!empty()) ::usleep(200);
              const bool closed = all_closed();
              if (::write(other_end, "a key", 5) != 5) return 3;
              while (!empty()) ::usleep(200);
              ::close(other_end);
              reading.join();
              return closed && bytes == "half a key" ? 0 : 1;
            }));
  std::filesystem::remove_all(name);
}

TEST(DescriptorTest, a_greeting_of_tls_goes_out_above_the_descriptors_that_the_process_has_closed) {
  EXPECT_EQ(
      0, in_child([] {
        const int listener = ::fcntl(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), F_DUPFD, 10);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
            ::listen(listener, 1) != 0 ||
            ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
          return 2;
        close_stdio();
        bool spoken = false;
        const std::string details =
            "ipv4:127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + ": closed";
        std::thread greeting([&] { spoken = speaks_tls(details, std::chrono::seconds(10)); });
        const int visitor = ::fcntl(::accept(listener, nullptr, nullptr), F_DUPFD, 10);
        // the visitor's low number is the only one that is not the library's
        for (int fd = 0; fd < 3; ++fd) {
          struct stat low {};
          struct stat own {};
          if (::fstat(fd, &low) == 0 && ::fstat(visitor, &own) == 0 && low.st_ino == own.st_ino)
            ::close(fd);
        }
        const bool closed = all_closed();
        if (::send(visitor, "\x16\x03", 2, MSG_NOSIGNAL) != 2) return 3;
        greeting.join();
        return closed && spoken ? 0 : 1;
      }));
}

}  // namespace
}  // namespace e6::client::test
