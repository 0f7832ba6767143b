// The inside of a channel: gRPC's stubs, and the one place where a call is sent. For channel*.cc only.
#pragma once

#include <google/protobuf/arena.h>
#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "channel.h"
#include "cluster.grpc.pb.h"
#include "engine.grpc.pb.h"

namespace e6::client {

struct Channel::Stubs {
  const ConnectionOptions& options;  // the connection's; outlives its channels
  std::shared_ptr<grpc::Channel> channel;
  QueryEngineService::Stub engine;
  ClusterService::Stub cluster;

  Stubs(const ConnectionOptions& o, std::shared_ptr<grpc::Channel> c)
      : options(o), channel(std::move(c)), engine(channel), cluster(channel) {}

  template <class Stub, class Request, class Response>
  Reply call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
             const CallHead& head, const Request& request, Response& response) {
    if (const std::size_t bytes = request.ByteSizeLong(); bytes > most_bytes())
      return too_long(bytes);
    Sending sending(*this, head);
    const grpc::Status status = (stub.*method)(&sending.context, request, &response);
    return reply_of(status, sending.context, response);
  }
  /// The same by gRPC's asynchronous method, so that head.meanwhile is called while the answer is on its way. Ends at the call's deadline, which is always set.
  template <class Stub, class Request, class Response>
  Reply call(Stub& stub,
             std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*method)(grpc::ClientContext*, const Request&, grpc::CompletionQueue*),
             const CallHead& head, const Request& request, Response& response) {
    if (const std::size_t bytes = request.ByteSizeLong(); bytes > most_bytes())
      return too_long(bytes);
    const gpr_timespec beat = gpr_time_from_millis(100, GPR_TIMESPAN);
    Sending sending(*this, head);
    grpc::CompletionQueue answers;
    grpc::Status status;
    const auto reader = (stub.*method)(&sending.context, request, &answers);
    reader->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    while (answers.AsyncNext(&tag, &ok, gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), beat)) == grpc::CompletionQueue::TIMEOUT)
      if (head.meanwhile != nullptr) (*head.meanwhile)();
    answers.Shutdown();
    while (answers.Next(&tag, &ok)) {
    }
    return reply_of(status, sending.context, response);
  }
  template <class Request, class Response>
  Reply call(grpc::Status (QueryEngineService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
             const CallHead& head, const Request& request, Response& response) {
    return call(engine, method, head, request, response);
  }

  /// gRPC's monotonic clock is the steady clock, CLOCK_MONOTONIC; deadline_test asserts it. Going by
  /// the difference from now would read it twice for each call.
  static gpr_timespec deadline_of(std::chrono::steady_clock::time_point deadline) {
    const auto since = std::chrono::floor<std::chrono::seconds>(deadline.time_since_epoch());
    const std::chrono::nanoseconds rest = deadline.time_since_epoch() - since;
    return gpr_timespec{since.count(), static_cast<std::int32_t>(rest.count()), GPR_CLOCK_MONOTONIC};
  }
  template <class Response>
  static Reply reply_of(const grpc::Status& status, const grpc::ClientContext& context, Response& response) {
    Reply reply;
    reply.code = static_cast<int>(status.error_code());
    if (!status.ok()) {
      reply.details = status.error_message();
      reply.from_engine = sent_by_engine(context);
    } else if constexpr (requires { response.mutable_new_strategy(); }) {
      if (response.has_new_strategy()) reply.new_strategy = std::move(*response.mutable_new_strategy());
    }
    return reply;
  }
  /// Metadata, each key once, and the deadline. gRPC sends them in the order of their keys.
  void dress(grpc::ClientContext& context, const CallHead& head) const;
  /// gRPC aborts the process on a message that Protobuf does not serialise, which is one of 2 GiB.
  [[nodiscard]] std::size_t most_bytes() const noexcept {
    return static_cast<std::size_t>(options.channel.max_send_bytes);
  }
  /// The answer to a request that was not sent.
  [[nodiscard]] Reply too_long(std::size_t bytes) const;

 private:
  friend class SessionDrops;
  /// What a call is sent with, until it has ended.
  struct Sending {
    Sending(const Stubs& stubs, const CallHead& head) {
      stubs.dress(context, head);
      if (head.stop != nullptr && head.stop->stop_possible()) on_stop.emplace(*head.stop, Cancel{context});
    }
    struct Cancel {
      grpc::ClientContext& context;
      void operator()() const { context.TryCancel(); }
    };
    grpc::ClientContext context;
    std::optional<std::stop_callback<Cancel>> on_stop;  // ends before the context does, and waits for a callback that is running
  };

  /// True if the status of a failed call came in the engine's trailers. The text of a status cannot
  /// tell, because an engine may say anything; this is gRPC's own account of the error.
  static bool sent_by_engine(const grpc::ClientContext& context);
};

/// Memory for the messages of one call: on the stack as long as they are small, so that none of their fields is an
/// allocation of its own. What a message holds in bytes may be moved out of it.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  /// A message that lives as long as this.
  template <class Message>
  [[nodiscard]] Message& make() {
    return *google::protobuf::Arena::CreateMessage<Message>(&arena_);
  }

 private:
  alignas(std::max_align_t) char block_[2048];  // not zeroed: what is not used is not touched
  google::protobuf::Arena arena_{block_, sizeof block_};
};

/// A request with the three fields that name a query.
template <class Request>
Request& about(Scratch& scratch, const QueryName& query) {
  auto& request = scratch.make<Request>();
  request.set_engineip(query.engine);
  request.set_sessionid(query.session);
  request.set_queryid(query.id);
  return request;
}

}  // namespace e6::client
