// What gRPC and Protobuf have to say goes where the client's own lines go, and nowhere while
// logging is off.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <string>

#include "program.h"
#include "raw_engine.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Its strings are not UTF-8, which Protobuf complains of.
RawEngine::Answer malformed(const RawCall& call) {
  Wire wire;
  wire.text(1, call.path.ends_with("/authenticate") ? "session-\xff" : "schema-\xfe");
  return {0, "", wire};
}

class GrpcLogTest : public ::testing::Test {
 protected:
  ~GrpcLogTest() override {
    ::unsetenv("E6DATA_LOG_LEVEL");
    ::unsetenv("GRPC_VERBOSITY");
  }
  struct Heard {
    std::string errors;  // what was written to standard error
    std::string said;
  };
  Heard probe(const std::vector<std::string>& what) {
    std::vector<std::string> words{E6_LOG_PROBE_PROGRAM, engine_.target(), directory_.path()};
    words.insert(words.end(), what.begin(), what.end());
    const std::string file = directory_.path() + "/errors";
    std::string line;
    for (const std::string& word : words) line += word + " ";
    Program shell({"/bin/sh", "-c", line + "2>" + file});
    Heard heard;
    heard.said = shell.read();
    EXPECT_EQ(shell.wait(), 0) << heard.said;
    Program cat({"/bin/cat", file});
    heard.errors = cat.read();
    (void)cat.wait();
    return heard;
  }
  SegmentDirectory directory_;
  RawEngine engine_{malformed};
};

TEST_F(GrpcLogTest, nothing_is_written_to_standard_error_while_logging_is_off) {
  for (const char* what : {"tls", "proxy", "call"})
    EXPECT_THAT(probe({what}).errors, IsEmpty()) << what;
}

TEST_F(GrpcLogTest, lines_of_grpc_go_through_the_logger_when_it_is_on) {
  ::setenv("E6DATA_LOG_LEVEL", "error", 1);
  const std::string errors = probe({"tls"}).errors;
  EXPECT_THAT(errors, HasSubstr(" error [e6.client] gRPC: "));
  EXPECT_THAT(errors, HasSubstr("wrong version number"));
  for (std::size_t at = 0; at < errors.size(); at = errors.find('\n', at) + 1)
    EXPECT_THAT(errors.substr(at, errors.find('\n', at) - at), HasSubstr("[e6.client]"));
}

TEST_F(GrpcLogTest, lines_of_protobuf_go_through_the_logger_when_it_is_on) {
  ::setenv("E6DATA_LOG_LEVEL", "error", 1);
  const std::string errors = probe({"call"}).errors;
  EXPECT_THAT(errors, HasSubstr(" error [e6.client] Protobuf: "));
  EXPECT_THAT(errors, HasSubstr("invalid UTF-8"));
}

TEST_F(GrpcLogTest, protobufs_handler_of_the_application_is_kept) {
  EXPECT_THAT(probe({"call", "own-handlers"}).said, HasSubstr("Protobuf 1"));
}

TEST_F(GrpcLogTest, an_application_that_says_so_keeps_grpcs_too) {
  const Heard heard = probe({"tls", "own-handlers", "leave"});
  EXPECT_THAT(heard.said, HasSubstr("own handlers heard gRPC 1"));
  EXPECT_THAT(heard.errors, IsEmpty());
}

TEST_F(GrpcLogTest, who_asks_grpc_for_its_log_by_name_gets_it_on_standard_error) {
  ::setenv("GRPC_VERBOSITY", "error", 1);
  EXPECT_THAT(probe({"tls"}).errors, HasSubstr("wrong version number"));
  ::setenv("E6DATA_LOG_LEVEL", "error", 1);
  EXPECT_THAT(probe({"tls"}).errors, HasSubstr("[e6.client] gRPC: "));
}

}  // namespace
}  // namespace e6::client::test
