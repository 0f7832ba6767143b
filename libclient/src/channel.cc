#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "channel_stubs.h"
#include "classify.h"
#include "connection_advice.h"
#include "descriptor.h"
#include "e6/client/error.h"
#include "fork_state.h"
#include "library_logs.h"
#include "metadata_value.h"
#include "seconds_text.h"
#include "tls_trouble.h"

namespace e6::client {
namespace {

using std::chrono::milliseconds;

// What an engine may say in an error, and what that takes percent-encoded as metadata. Longer texts
// end a call as RESOURCE_EXHAUSTED; gRPC's own limit of 8 kB would do so to many a stack trace.
constexpr int kMaxMetadata = 4 << 20;
constexpr int kFirstReconnectPause = 100;  // ms

grpc::ChannelArguments arguments(const ConnectionOptions& options) {
  const ChannelTuning& tuning = options.channel;
  const auto ms = [](milliseconds time) { return static_cast<int>(time.count()); };
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, ms(tuning.keepalive_time));
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ms(tuning.keepalive_timeout));
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, tuning.keepalive_without_calls ? 1 : 0);
  // Two pings in a row are no offence on a server with default settings. Whoever wants pings
  // without calls knows an engine that allows more.
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, tuning.keepalive_without_calls ? 0 : 2);
  args.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadata);
  args.SetMaxSendMessageSize(tuning.max_send_bytes);
  args.SetMaxReceiveMessageSize(tuning.max_receive_bytes);
  // A retry policy from DNS could repeat an execute. (gRPC's transparent retries stay: they concern only what
  // never reached the wire.)
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Without this all channels of the process to one address share a TCP connection, and closing a colour's
  // channel closes nothing.
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // "min" is how long gRPC gives one address to connect: half of the time, so that an address that
  // swallows connections does not use up all of it. The other two rule the pauses between connects,
  // which shall not be longer than ours.
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, ms(options.connect_timeout / 2));
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectPause);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // After a failure gRPC asks for the name again before it connects again, by default not twice in
  // 30 s: an engine that has moved would not be found, and even an address would not be tried
  // again.
  args.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kFirstReconnectPause);
  args.SetInt(GRPC_ARG_DNS_ARES_QUERY_TIMEOUT_MS, ms(options.connect_timeout));
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

// How long a call waits before it is looked after.
milliseconds prompt(const ConnectionOptions& options) {
  const milliseconds check = options.channel.liveness_interval;
  return check.count() > 0 ? std::min(check, options.connect_timeout) : options.connect_timeout;
}

}  // namespace

Channel::Stubs::Stubs(const ConnectionOptions& o, std::shared_ptr<grpc::Channel> c)
    : options(o),
      channel(std::move(c)),
      engine(channel),
      cluster(channel),
      prompt_(prompt(o)),
      proxy_(http_proxy_for(o.host)) {}

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
  return colon != std::string::npos &&
         std::string_view(account).substr(colon + 1).starts_with(kReceived);
}

Reply Channel::Stubs::too_long(std::size_t bytes) const {
  Reply reply;
  reply.code = static_cast<int>(grpc::StatusCode::RESOURCE_EXHAUSTED);
  reply.details = "the request has " + std::to_string(bytes) +
                  " bytes and was not sent; channel.max_send_bytes is " +
                  std::to_string(most_bytes());
  return reply;
}

Reply Channel::Stubs::given_up(Waited waited) const {
  Reply reply;
  reply.code = static_cast<int>(grpc::StatusCode::UNAVAILABLE);
  const std::string limit = "the connect_timeout of " + seconds_text(options.connect_timeout);
  switch (waited) {
    case Waited::kUnsent:  // begins as gRPC's own words do, because it means the same
      reply.details = "failed to connect to all addresses; no connection to " + options.target() +
                      " within " + limit;
      break;
    case Waited::kLate:
      reply.details = "the connection to " + options.target() + " came about only after " + limit;
      break;
    default:
      reply.details = "the engine at " + options.target() +
                      " did not answer a health check within the liveness_timeout of " +
                      seconds_text(options.channel.liveness_timeout) +
                      " while this call was waiting";
  }
  return reply;
}

Reply Channel::Stubs::failed(Waited waited, const grpc::Status& status,
                             const grpc::ClientContext& context) {
  Reply reply;
  if (waited != Waited::kAnswered && status.error_code() == grpc::StatusCode::CANCELLED) {
    reply = given_up(waited);
  } else {  // a call that was given up may have ended by itself at that moment
    reply.code = static_cast<int>(status.error_code());
    reply.details = status.error_message();
    reply.from_engine = sent_by_engine(context);
  }
  if (reply.code != code::kUnavailable ||
      (reply.from_engine && !transport_broke(reply.code, reply.details)))
    return reply;
  // What is wrong with TLS stays wrong: nothing to wait for.
  const TlsTrouble trouble = tls_trouble(reply.code, reply.details, options.tls.enabled);
  if (!reply.from_engine && surely_unsent(reply.code, reply.details) &&
      (trouble == TlsTrouble::kNone || trouble == TlsTrouble::kClosed))
    unreached_.store(true, std::memory_order_relaxed);
  reply.advice = connection_advice(reply.details, options.channel, proxy_ ? &*proxy_ : nullptr);
  return reply;
}

[[gnu::hot]] bool Channel::lost() const noexcept {
  return stubs_->lost();
}

Channel::Channel(const ConnectionOptions& options) {
  fork_state::before_first_channel();
  route_library_logs();
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
