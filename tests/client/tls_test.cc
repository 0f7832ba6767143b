// TLS with certificates made on the spot: what is trusted works, and what is not is an error that says so, at once.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>

#include "classify.h"
#include "deaf_listener.h"
#include "e6/client/error.h"
#include "e6/client/log.h"
#include "raw_engine.h"
#include "scene.h"
#include "tls_trouble.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

// Every name but the first is a certificate signed by ca; `other` is an authority that nobody knows.
constexpr const char* kMake = R"(
set -e
new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $new -keyout ca.key -out ca.pem -subj /CN=ca -days 2
openssl req -x509 $new -keyout other.key -out other.pem -subj /CN=other -days 2
sign() {
  openssl req $new -keyout $1.key -out $1.csr -subj /CN=$1
  echo "subjectAltName=$2" > $1.ext
  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $1.pem -days $3 -extfile $1.ext
}
sign engine IP:127.0.0.1 2
sign elsewhere DNS:elsewhere.example 2
sign expired IP:127.0.0.1 -1
sign client DNS:client 2
)";

RawEngine::Answer answer(const RawCall& call) {
  const std::string method = call.path.substr(call.path.rfind('/') + 1);
  Wire wire;
  if (method == "authenticate") wire.text(1, "session-1").text(3, "7.7.7.1");
  if (method == "prepareStatementV2") wire.text(1, "7.7.7.7").text(2, "query-1").text(3, "session-1");
  if (method == "executeStatementV2" || method == "clear" || method == "clearOrCancelQuery") wire.text(1, "session-1");
  return {0, "", wire};
}

enum class Clients { kAny, kWithCertificate };

class Tls : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(file("make")) << kMake;
    const std::string command = "cd " + certificates_.path() + " && sh ./make > made 2>&1";
    ASSERT_EQ(::system(command.c_str()), 0) << text("made");
  }
  [[nodiscard]] std::string file(const std::string& name) const { return certificates_.path() + "/" + name; }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ostringstream all;
    all << std::ifstream(file(name)).rdbuf();
    return all.str();
  }

  void serve(const std::string& certificate, Clients clients = Clients::kAny,
             std::function<RawEngine::Answer(const RawCall&)> answers = answer) {
    grpc::SslServerCredentialsOptions ssl(clients == Clients::kAny ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                                   : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    ssl.pem_key_cert_pairs.push_back({text(certificate + ".key"), text(certificate + ".pem")});
    if (clients == Clients::kWithCertificate) ssl.pem_root_certs = text("ca.pem");
    engine_.emplace(std::move(answers), grpc::SslServerCredentials(ssl));
  }
  void serve_plaintext() { engine_.emplace(answer); }

  ConnectionOptions options() {
    ConnectionOptions made = options_for(engine_->target(), directory_);
    made.password = "pass-word";
    made.connect_timeout = std::chrono::seconds(50);  // a certificate is no reason to go on trying
    made.operation_timeout = std::chrono::seconds(50);
    made.tls.enabled = true;
    made.tls.roots_file = file("ca.pem");
    return made;
  }
  ConnectionOptions with_client(const std::string& certificate, const std::string& key) {
    ConnectionOptions made = options();
    made.tls.certificate_file = file(certificate + ".pem");
    made.tls.key_file = file(key + ".key");
    return made;
  }

  void works(const ConnectionOptions& options) {
    Connection connection(options);
    Cursor cursor = connection.cursor();
    EXPECT_NO_THROW(cursor.execute("select 1"));
    cursor.clear();
    const auto calls = engine_->take();
    ASSERT_FALSE(calls.empty());
    EXPECT_EQ(calls.front().path, "/QueryEngineService/authenticate");
    connection.close();
    (void)engine_->take();  // the end of the session
  }
  // What the TlsError says, which came at once; with `attempts` after some.
  std::string refusal(const ConnectionOptions& options, bool attempts = false) {
    Connection connection(options);
    Cursor cursor = connection.cursor();
    const auto start = std::chrono::steady_clock::now();
    std::string said = "no error";
    try {
      cursor.execute("select 1");
    } catch (const TlsError& error) {
      said = error.what();
      EXPECT_THAT(error.details(), Not(HasSubstr("pass-word")));
    } catch (const Error& error) {
      said = std::string("not a TlsError: ") + error.what();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(25));
    if (!attempts) {
      EXPECT_EQ(connection.statistics().retries, 0U) << said;
    }
    EXPECT_TRUE(engine_->take().empty());
    EXPECT_THAT(said, HasSubstr(engine_->target()));
    EXPECT_THAT(said, Not(HasSubstr("pass-word")));
    return said;
  }

  SegmentDirectory directory_;
  SegmentDirectory certificates_;
  std::optional<RawEngine> engine_;
};

TEST_F(Tls, trusts_a_root_given_as_a_file_or_as_text) {
  serve("engine");
  works(options());
  ConnectionOptions bytes = options();
  bytes.tls.roots_file.clear();
  bytes.tls.roots_pem = text("ca.pem");
  works(bytes);
}

// gRPC reads the file once per process; no other test here goes without roots of its own.
TEST_F(Tls, takes_other_system_roots_from_grpcs_variable) {
  serve("engine");
  ASSERT_EQ(::setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", file("ca.pem").c_str(), 1), 0);
  ConnectionOptions system = options();
  system.tls.roots_file.clear();
  works(system);
}

TEST_F(Tls, says_that_a_certificate_of_an_unknown_authority_is_not_accepted) {
  serve("engine");
  ConnectionOptions other = options();
  other.tls.roots_file = file("other.pem");
  EXPECT_THAT(refusal(other), HasSubstr("is not accepted: it is not vouched for by the root certificates given"));
}

TEST_F(Tls, a_handshake_that_hangs_is_given_up_after_the_connect_timeout) {
  const DeafListener silent(DeafListener::Kind::kSilent);
  ConnectionOptions options = options_for(silent.target(), directory_);
  options.tls.enabled = true;
  options.tls.roots_file = file("ca.pem");
  options.connect_timeout = std::chrono::seconds(2);
  options.operation_timeout = std::chrono::seconds(40);
  options.max_retry_attempts = 100;
  Connection connection(options);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(connection.connect(), ConnectionError);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(14));  // not gRPC's 20
}

TEST_F(Tls, says_that_an_expired_certificate_is_not_accepted) {
  serve("expired");
  EXPECT_THAT(refusal(options()), HasSubstr("has expired"));
}

TEST_F(Tls, says_that_a_certificate_names_another_host_unless_that_name_is_expected) {
  serve("elsewhere");
  EXPECT_THAT(refusal(options()), HasSubstr("names another host; connect by a name that is in it, or set tls.server_name"));
  ConnectionOptions expecting = options();
  expecting.tls.server_name = "elsewhere.example";
  works(expecting);
}

TEST_F(Tls, says_that_the_engine_speaks_plaintext) {
  serve_plaintext();
  EXPECT_THAT(refusal(options()), HasSubstr("does not speak TLS; switch TLS off"));
}

TEST_F(Tls, says_to_a_plaintext_connection_that_the_engine_speaks_tls) {
  serve("engine");
  ConnectionOptions plaintext = options();
  plaintext.tls = {};
  EXPECT_THAT(refusal(plaintext), HasSubstr("speaks TLS and this connection does not; switch TLS on"));
}

TEST_F(Tls, shows_a_client_certificate_to_an_engine_that_wants_one) {
  serve("engine", Clients::kWithCertificate);
  works(with_client("client", "client"));
  ConnectionOptions bytes = options();
  bytes.tls.certificate_pem = text("client.pem");
  bytes.tls.key_pem = text("client.key");
  works(bytes);
}

TEST_F(Tls, says_that_the_engine_seems_to_want_a_client_certificate_or_another_one) {
  serve("engine", Clients::kWithCertificate);
  EXPECT_THAT(refusal(options(), true), HasSubstr("seems to want a client certificate: set tls.certificate_file and tls.key_file"));
  EXPECT_THAT(refusal(with_client("other", "other"), true), HasSubstr("seems not to accept the client certificate"));
}

TEST_F(Tls, says_that_certificates_cannot_be_used) {
  serve("engine");
  EXPECT_THAT(refusal(with_client("client", "engine")), HasSubstr("cannot be used"));
  ConnectionOptions nonsense = options();
  nonsense.tls.roots_file.clear();
  nonsense.tls.roots_pem = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(refusal(nonsense), HasSubstr("cannot be used"));
}

TEST_F(Tls, a_process_with_bad_settings_does_not_keep_the_others_of_the_host_waiting) {
  serve("engine");
  ConnectionOptions good = options();
  good.shared.negative_ttl = std::chrono::seconds(10);
  ConnectionOptions bad = good;
  bad.tls.roots_file = file("other.pem");
  (void)refusal(bad);
  ConnectionOptions plaintext = good;
  plaintext.tls = {};
  (void)refusal(plaintext);
  // Whoever waits for a probe takes its failure for the engine's, and uses up attempts.
  Connection other(good);
  for (const Event& event : other.coordinator().recent_events(64)) {
    if (event.kind == EventKind::kDetectionFailed) {
      EXPECT_EQ(event.cause, EventCause::kAbandoned);
    }
  }
  const auto start = std::chrono::steady_clock::now();
  works(good);
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(2000));
}

TEST_F(Tls, no_key_and_no_password_reaches_a_log_an_error_or_the_segment) {
  serve("engine", Clients::kWithCertificate);
  std::ostringstream log;
  const auto logger = std::make_shared<spdlog::logger>("tls", std::make_shared<spdlog::sinks::ostream_sink_mt>(log));
  logger->set_level(spdlog::level::trace);
  set_logger(logger);
  ::testing::internal::CaptureStderr();  // gRPC's own words go there
  std::string all = refusal(with_client("client", "engine")) + refusal(with_client("other", "other"), true);
  ConnectionOptions cut = options();
  cut.tls.certificate_pem = text("client.pem");
  cut.tls.key_pem = text("client.key").substr(0, 150);
  all += refusal(cut);
  works(with_client("client", "client"));
  all += ::testing::internal::GetCapturedStderr();
  set_logger(nullptr);
  EXPECT_THAT(log.str(), HasSubstr("no active strategy found"));
  all += log.str();
  for (const auto& each : std::filesystem::recursive_directory_iterator(directory_.path())) {
    std::ostringstream bytes;
    bytes << std::ifstream(each.path(), std::ios::binary).rdbuf();
    all += bytes.str();
  }
  EXPECT_EQ(all.find("pass-word"), std::string::npos);
  for (const char* key : {"client.key", "engine.key", "other.key"}) {
    std::istringstream lines(text(key));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_EQ(all.find(line), std::string::npos) << "a line of " << key;
    }
  }
}

TEST_F(Tls, a_key_that_an_engine_quotes_is_blotted_out_of_the_error) {
  const std::string key = text("client.key");
  serve("engine", Clients::kWithCertificate, [&](const RawCall& call) {
    if (call.path.ends_with("/getCataloges")) return RawEngine::Answer{13, "bad key " + key, ""};
    return answer(call);
  });
  ConnectionOptions made = options();
  made.tls.certificate_pem = text("client.pem");
  made.tls.key_pem = key;
  Connection connection(made);
  std::string said;
  try {
    (void)connection.catalogs();
  } catch (const QueryError& error) {
    said = error.details();
  }
  EXPECT_EQ(said,
            "bad key -----BEGIN PRIVATE KEY-----\n***\n***\n***\n-----END PRIVATE KEY-----\n");
}

std::string option_error(ConnectionOptions options) {
  try {
    options.validate();
  } catch (const OptionError& error) {
    return error.what();
  }
  return "";
}

TEST_F(Tls, wants_a_certificate_together_with_its_key_and_files_that_hold_pem) {
  serve("engine");
  ConnectionOptions half = options();
  half.tls.certificate_file = file("client.pem");
  EXPECT_THAT(option_error(half), HasSubstr("tls.certificate is given without tls.key"));
  half.tls.key_file = file("client.key");
  EXPECT_EQ(option_error(half), "");
  half.tls.key_pem = "SECRET";
  EXPECT_THAT(option_error(half), HasSubstr("tls.key_file and tls.key_pem are both set"));
  half.tls.key_file.clear();
  EXPECT_THAT(option_error(half), HasSubstr("tls.key_pem is no PEM text"));
  EXPECT_THAT(option_error(half), Not(HasSubstr("SECRET")));

  ConnectionOptions missing = options();
  missing.tls.roots_file = file("nowhere.pem");
  Connection connection(missing);
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("select 1"), OptionError);
}

TEST(TlsTroubles, are_told_from_servers_that_come_and_go) {
  const std::string head = "failed to connect to all addresses; last error: UNAVAILABLE: ipv4:127.0.0.1:1: ";
  EXPECT_EQ(tls_trouble(code::kUnavailable, head + "Connection refused", true), TlsTrouble::kNone);
  EXPECT_EQ(tls_trouble(code::kUnavailable, head + "Handshake read failed: Socket closed", true), TlsTrouble::kNone);
  EXPECT_EQ(tls_trouble(code::kUnavailable, head + "Socket closed", true), TlsTrouble::kClosed);
  EXPECT_EQ(tls_trouble(code::kUnavailable, "Socket closed", true), TlsTrouble::kNone);
  EXPECT_EQ(tls_trouble(code::kUnavailable, "certificate verify failed", true), TlsTrouble::kNone);
  EXPECT_EQ(tls_trouble(code::kInternal, head + "certificate verify failed", true), TlsTrouble::kNone);
  EXPECT_EQ(tls_trouble(code::kUnavailable, head + "SSL_ERROR_SSL: something new", true), TlsTrouble::kHandshake);
}

TEST(TlsTroubles, a_plaintext_engine_does_not_answer_a_greeting_of_tls) {
  const RawEngine engine(answer);
  EXPECT_FALSE(speaks_tls("ipv4:" + engine.target() + ": Socket closed", milliseconds(300)));
  EXPECT_FALSE(speaks_tls("Socket closed", milliseconds(300)));
  EXPECT_FALSE(speaks_tls("ipv6:%5B::1%5D", milliseconds(300)));
}

}  // namespace
}  // namespace e6::client::test
