#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "channel_stubs.h"
#include "descriptor.h"
#include "e6/client/error.h"
#include "fork_state.h"
#include "metadata_value.h"

namespace e6::client {
namespace {

grpc::ChannelArguments arguments(const ConnectionOptions& options) {
  const ChannelTuning& tuning = options.channel;
  const auto ms = [](std::chrono::milliseconds time) { return static_cast<int>(time.count()); };
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, ms(tuning.keepalive_time));
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ms(tuning.keepalive_timeout));
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, tuning.keepalive_without_calls ? 1 : 0);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt("grpc.http2.min_time_between_pings_ms", ms(tuning.min_ping_interval));
  args.SetInt(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, ms(tuning.min_ping_interval));
  args.SetMaxSendMessageSize(tuning.max_send_bytes);
  args.SetMaxReceiveMessageSize(tuning.max_receive_bytes);
  // A retry policy from DNS could repeat an execute. (gRPC's transparent retries stay: they concern only what
  // never reached the wire.)
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Without this all channels of the process to one address share a TCP connection, and closing a colour's
  // channel closes nothing.
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // "min" is how long gRPC gives one TCP connect; the other two rule the pauses between connects, which shall
  // not be longer than ours.
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, ms(options.connect_timeout));
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  args.SetUserAgentPrefix("e6-client/" E6_CLIENT_VERSION " pid=" + std::to_string(::getpid()));
  if (!options.tls.server_name.empty()) args.SetSslTargetNameOverride(options.tls.server_name);
  return args;
}

// The text in `path` if there is one, else `text`. What is read may be a key: no message shows any of it.
std::string pem(const char* option, const std::string& path, const std::string& text) {
  if (path.empty()) return text;
  std::optional<std::string> read = read_file(path);
  if (!read || read->find("-----BEGIN ") == std::string::npos)
    throw OptionError("option " + std::string(option) + " is '" + path + "', which cannot be read or holds no PEM text; name a PEM file");
  return *std::move(read);
}

std::shared_ptr<grpc::ChannelCredentials> credentials(const TlsOptions& tls) {
  if (!tls.enabled) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = pem("tls.roots_file", tls.roots_file, tls.roots_pem);
  ssl.pem_cert_chain = pem("tls.certificate_file", tls.certificate_file, tls.certificate_pem);
  ssl.pem_private_key = pem("tls.key_file", tls.key_file, tls.key_pem);
  return grpc::SslCredentials(ssl);
}

// gRPC reads a target as part of a URI: "%c3" in "[fe80::1%c3]:9001" would become a byte that
// aborts the process.
std::string uri_path(std::string target) {
  for (std::size_t at = target.find('%'); at != std::string::npos; at = target.find('%', at + 1))
    target.insert(at + 1, "25");
  return target;
}

}  // namespace

[[gnu::hot]] void Channel::Stubs::dress(grpc::ClientContext& context, const CallHead& head) const {
  // Whoever sets a planner has looked at it; one that slipped through must not end the process.
  if (!head.planner.empty() && first_not_metadata(head.planner) == std::string_view::npos)
    context.AddMetadata("plannerip", std::string(head.planner));
  if (!options.cluster_name.empty()) context.AddMetadata("cluster-name", options.cluster_name);
  if (head.strategy != Strategy::kNone)
    context.AddMetadata("strategy", std::string(to_string(head.strategy)));
  context.set_deadline(deadline_of(head.deadline));
}

// gRPC 1.51 begins its account with the error's own code word, "UNKNOWN:", and these words for what
// came on the call's stream (the end of the stream included), and with other words for a call that
// never had one.
bool Channel::Stubs::sent_by_engine(const grpc::ClientContext& context) {
  constexpr std::string_view kReceived = "Error received from peer";
  const std::string account = context.debug_error_string();
  const std::size_t colon = account.find(':');
  return colon != std::string::npos && std::string_view(account).substr(colon + 1).starts_with(kReceived);
}

Reply Channel::Stubs::too_long(std::size_t bytes) const {
  Reply reply;
  reply.code = static_cast<int>(grpc::StatusCode::RESOURCE_EXHAUSTED);
  reply.details = "the request has " + std::to_string(bytes) +
                  " bytes and was not sent; channel.max_send_bytes is " +
                  std::to_string(most_bytes());
  return reply;
}

Channel::Channel(const ConnectionOptions& options) {
  fork_state::before_first_channel();
  generation_ = fork_state::generation();
  stubs_ = std::make_unique<Stubs>(
      options, grpc::CreateCustomChannel(uri_path(options.target()), credentials(options.tls),
                                         arguments(options)));
}

Channel::~Channel() {
  if (generation_ != fork_state::generation())
    (void)stubs_.release();  // inherited by a fork: left alone on purpose
}

Reply Channel::authenticate(const CallHead& head, std::string& session,
                            std::string& engine) {
  Scratch scratch;
  auto& request = scratch.make<AuthenticateRequest>();
  request.set_user(stubs_->options.user);
  request.set_password(stubs_->options.password);
  if (!stubs_->options.impersonated_user.empty())
    request.set_usernameforimpersonation(stubs_->options.impersonated_user);
  auto& response = scratch.make<AuthenticateResponse>();
  Reply reply = stubs_->call(stubs_->engine, &QueryEngineService::Stub::Asyncauthenticate, head, request, response);
  session = std::move(*response.mutable_sessionid());
  if (response.has_engineip()) engine = std::move(*response.mutable_engineip());
  return reply;
}

Reply Channel::cluster_status(const CallHead& head, std::string& state) {
  Scratch scratch;
  auto& request = scratch.make<ClusterStatusRequest>();
  request.set_user(stubs_->options.user);
  request.set_password(stubs_->options.password);
  auto& response = scratch.make<ClusterStatusResponse>();
  Reply reply = stubs_->call(stubs_->cluster, &ClusterService::Stub::Asyncstatus, head, request, response);
  state = std::move(*response.mutable_status());
  return reply;
}

Reply Channel::cluster_resume(const CallHead& head, std::string& state) {
  Scratch scratch;
  auto& request = scratch.make<ResumeRequest>();
  request.set_user(stubs_->options.user);
  request.set_password(stubs_->options.password);
  auto& response = scratch.make<ResumeResponse>();
  Reply reply = stubs_->call(stubs_->cluster, &ClusterService::Stub::Asyncresume, head, request, response);
  state = std::move(*response.mutable_status());
  return reply;
}

}  // namespace e6::client
