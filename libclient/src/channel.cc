#include "channel.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "cluster.grpc.pb.h"
#include "e6/client/error.h"
#include "engine.grpc.pb.h"
#include "fork_state.h"

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

std::shared_ptr<grpc::ChannelCredentials> credentials(const TlsOptions& tls) {
  if (!tls.enabled) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = tls.roots_pem;
  if (!tls.roots_file.empty()) {
    std::ifstream file(tls.roots_file, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    ssl.pem_root_certs = text.str();
    if (!file || ssl.pem_root_certs.empty()) {
      throw OptionError("option tls.roots_file is '" + tls.roots_file +
                        "', which cannot be read or is empty; name a PEM file");
    }
  }
  return grpc::SslCredentials(ssl);
}

gpr_timespec deadline_of(std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left.count(), GPR_TIMESPAN));
}

template <class Request>
Request about(const QueryName& query) {
  Request request;
  request.set_engineip(query.engine);
  request.set_sessionid(query.session);
  request.set_queryid(query.id);
  return request;
}

}  // namespace

struct Channel::Stubs {
  const ConnectionOptions& options;  // the connection's; outlives its channels
  std::shared_ptr<grpc::Channel> channel;
  QueryEngineService::Stub engine;
  ClusterService::Stub cluster;

  Stubs(const ConnectionOptions& o, std::shared_ptr<grpc::Channel> c)
      : options(o), channel(std::move(c)), engine(channel), cluster(channel) {}

  /// The one place where a call is sent.
  template <class Stub, class Request, class Response>
  Reply call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
             const CallHead& head, const Request& request, Response& response) {
    grpc::ClientContext context;
    if (!head.planner.empty()) context.AddMetadata("plannerip", std::string(head.planner));
    if (!options.cluster_name.empty()) context.AddMetadata("cluster-name", options.cluster_name);
    if (head.strategy != Strategy::kNone)
      context.AddMetadata("strategy", std::string(to_string(head.strategy)));
    context.set_deadline(deadline_of(head.deadline));

    const grpc::Status status = (stub.*method)(&context, request, &response);
    Reply reply;
    reply.code = static_cast<int>(status.error_code());
    if (!status.ok()) {
      reply.details = status.error_message();
    } else if constexpr (requires { response.mutable_new_strategy(); }) {
      if (response.has_new_strategy()) reply.new_strategy = std::move(*response.mutable_new_strategy());
    }
    return reply;
  }
};

Channel::Channel(const ConnectionOptions& options) {
  fork_state::before_first_channel();
  generation_ = fork_state::generation();
  stubs_ = std::make_unique<Stubs>(
      options, grpc::CreateCustomChannel(options.target(), credentials(options.tls), arguments(options)));
}

Channel::~Channel() {
  if (generation_ != fork_state::generation())
    (void)stubs_.release();  // inherited by a fork: left alone on purpose
}

Reply Channel::authenticate(const CallHead& head, std::string& session) {
  AuthenticateRequest request;
  request.set_user(stubs_->options.user);
  request.set_password(stubs_->options.password);
  AuthenticateResponse response;
  Reply reply =
      stubs_->call(stubs_->engine, &QueryEngineService::Stub::authenticate, head, request, response);
  session = std::move(*response.mutable_sessionid());
  return reply;
}

Reply Channel::prepare(const CallHead& head, const std::string& session, std::string_view sql,
                       std::string& engine, std::string& id) {
  PrepareStatementResponse response;
  Reply reply;
  if (stubs_->options.catalog.empty()) {
    PrepareStatementRequest request;
    request.set_sessionid(session);
    request.set_schema(stubs_->options.database);
    request.set_querystring(sql.data(), sql.size());
    reply =
        stubs_->call(stubs_->engine, &QueryEngineService::Stub::prepareStatement, head, request, response);
  } else {
    PrepareStatementV2Request request;
    request.set_sessionid(session);
    request.set_schema(stubs_->options.database);
    request.set_catalog(stubs_->options.catalog);
    request.set_querystring(sql.data(), sql.size());
    reply =
        stubs_->call(stubs_->engine, &QueryEngineService::Stub::prepareStatementV2, head, request, response);
  }
  engine = std::move(*response.mutable_engineip());
  id = std::move(*response.mutable_queryid());
  return reply;
}

Reply Channel::execute(const CallHead& head, const QueryName& query) {
  ExecuteStatementResponse response;
  if (stubs_->options.catalog.empty()) {
    return stubs_->call(stubs_->engine, &QueryEngineService::Stub::executeStatement, head,
                        about<ExecuteStatementRequest>(query), response);
  }
  return stubs_->call(stubs_->engine, &QueryEngineService::Stub::executeStatementV2, head,
                      about<ExecuteStatementV2Request>(query), response);
}

Reply Channel::metadata(const CallHead& head, const QueryName& query, std::string& bytes) {
  GetResultMetadataResponse response;
  Reply reply = stubs_->call(stubs_->engine, &QueryEngineService::Stub::getResultMetadata, head,
                             about<GetResultMetadataRequest>(query), response);
  bytes = std::move(*response.mutable_resultmetadata());
  return reply;
}

Reply Channel::fetch(const CallHead& head, const QueryName& query, std::string& bytes) {
  GetNextResultBatchResponse response;
  Reply reply = stubs_->call(stubs_->engine, &QueryEngineService::Stub::getNextResultBatch, head,
                             about<GetNextResultBatchRequest>(query), response);
  bytes = std::move(*response.mutable_resultbatch());
  return reply;
}

Reply Channel::status(const CallHead& head, const QueryName& query, QueryStatus& status) {
  StatusResponse response;
  Reply reply = stubs_->call(stubs_->engine, &QueryEngineService::Stub::status, head,
                             about<StatusRequest>(query), response);
  status = QueryStatus{response.status(), response.rowcount()};
  return reply;
}

Reply Channel::explain(const CallHead& head, const QueryName& query, std::string& plan) {
  ExplainResponse response;
  Reply reply = stubs_->call(stubs_->engine, &QueryEngineService::Stub::explain, head,
                             about<ExplainRequest>(query), response);
  plan = std::move(*response.mutable_explain());
  return reply;
}

Reply Channel::explain_analyze(const CallHead& head, const QueryName& query, std::string& plan) {
  ExplainAnalyzeResponse response;
  Reply reply = stubs_->call(stubs_->engine, &QueryEngineService::Stub::explainAnalyze, head,
                             about<ExplainAnalyzeRequest>(query), response);
  plan = std::move(*response.mutable_explainanalyze());
  return reply;
}

Reply Channel::clear(const CallHead& head, const QueryName& query) {
  ClearOrCancelQueryResponse response;
  return stubs_->call(stubs_->engine, &QueryEngineService::Stub::clearOrCancelQuery, head,
                      about<ClearOrCancelQueryRequest>(query), response);
}

Reply Channel::cancel(const CallHead& head, const QueryName& query) {
  CancelQueryResponse response;
  return stubs_->call(stubs_->engine, &QueryEngineService::Stub::cancelQuery, head,
                      about<CancelQueryRequest>(query), response);
}

Reply Channel::cluster_status(const CallHead& head, std::string& state) {
  ClusterStatusRequest request;
  request.set_user(stubs_->options.user);
  request.set_password(stubs_->options.password);
  ClusterStatusResponse response;
  Reply reply = stubs_->call(stubs_->cluster, &ClusterService::Stub::status, head, request, response);
  state = std::move(*response.mutable_status());
  return reply;
}

Reply Channel::cluster_resume(const CallHead& head, std::string& state) {
  ResumeRequest request;
  request.set_user(stubs_->options.user);
  request.set_password(stubs_->options.password);
  ResumeResponse response;
  Reply reply = stubs_->call(stubs_->cluster, &ClusterService::Stub::resume, head, request, response);
  state = std::move(*response.mutable_status());
  return reply;
}

}  // namespace e6::client
