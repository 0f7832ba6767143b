// The inside of a channel: gRPC's stubs, and the one place where a call is sent. For channel*.cc only.
#pragma once

#include <google/protobuf/arena.h>
#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
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
#include "http_proxy.h"

namespace e6::client {

struct Channel::Stubs {
  const ConnectionOptions& options;  // the connection's; outlives its channels
  std::shared_ptr<grpc::Channel> channel;
  QueryEngineService::Stub engine;
  ClusterService::Stub cluster;
  // Nanoseconds of the steady clock. All of the channel's atomics are relaxed: each is a hint by
  // itself, and nothing else is read on its account.
  /// Threads that wait share their health checks: the one that moves this on makes the next.
  std::atomic<std::int64_t> next_check_ns{0};
  /// When the other end was last found to be silent; 0: never.
  std::atomic<std::int64_t> lost_ns{0};

  Stubs(const ConnectionOptions& o, std::shared_ptr<grpc::Channel> c);
  ~Stubs() { delete spare_queue_.load(std::memory_order_acquire); }
  Stubs(const Stubs&) = delete;
  Stubs& operator=(const Stubs&) = delete;

  /// One of the stubs' asynchronous methods.
  template <class Stub, class Request, class Response>
  using Method = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*)(
      grpc::ClientContext*, const Request&, grpc::CompletionQueue*);

  /// Sends a call and waits for its answer on this thread, by gRPC's asynchronous method and a
  /// queue that no other call uses meanwhile. The call can be looked after while it waits
  /// (channel_wait.h). Ends at the call's deadline, which is always set.
  template <class Stub, class Request, class Response>
  Reply call(Stub& stub, Method<Stub, Request, Response> method, const CallHead& head,
             const Request& request, Response& response) {
    if (const std::size_t bytes = request.ByteSizeLong(); bytes > most_bytes())
      return too_long(bytes);
    if (out_of_reach()) [[unlikely]]
      await_connection(head);
    const QueueLoan loan(spare_queue_);
    grpc::CompletionQueue& answers = *loan;
    Sending sending(*this, head);
    grpc::Status status;
    const auto reader = (stub.*method)(&sending.context, request, &answers);
    reader->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    Waited waited = Waited::kAnswered;
    if (answers.AsyncNext(&tag, &ok, deadline_of(first_look(head))) ==
        grpc::CompletionQueue::TIMEOUT)
      waited = wait_longer(sending.context, answers, head);
    return reply_of(waited, status, sending.context, response);
  }
  template <class Request, class Response>
  Reply call(Method<QueryEngineService::Stub, Request, Response> method, const CallHead& head,
             const Request& request, Response& response) {
    return call(engine, method, head, request, response);
  }

  /// True once the other end was found to be silent: new work belongs on another channel.
  [[nodiscard]] bool lost() const noexcept { return lost_ns.load(std::memory_order_relaxed) != 0; }
  /// True if the last call that failed found no connection.
  [[nodiscard]] bool out_of_reach() const noexcept {
    return unreached_.load(std::memory_order_relaxed);
  }
  /// For a channel out of reach: waits until there is a connection or the next attempt to make one
  /// has failed, for the connect time-out at most. gRPC makes attempts by itself, but notices how
  /// they end only while a thread waits in it.
  void await_connection(const CallHead& head);

  /// gRPC's monotonic clock is the steady clock, CLOCK_MONOTONIC; deadline_test asserts it. Going
  /// by the difference from now would read it twice for each call.
  static gpr_timespec deadline_of(std::chrono::steady_clock::time_point deadline) {
    const auto since = std::chrono::floor<std::chrono::seconds>(deadline.time_since_epoch());
    const std::chrono::nanoseconds rest = deadline.time_since_epoch() - since;
    return gpr_timespec{since.count(), static_cast<std::int32_t>(rest.count()),
                        GPR_CLOCK_MONOTONIC};
  }

  /// How a wait for an answer ended.
  enum class Waited : std::uint8_t {
    kAnswered,  ///< with the status that gRPC gives: the engine's, or what became of the connection
    kUnsent,    ///< given up, because no connection came about within the connect time-out
    kLate,      ///< the same, but one came about at that moment: the call may have been sent
    kSilent,    ///< given up, because the other end answers nothing any more
  };
  /// When a call that waits is looked after for the first time.
  [[nodiscard]] std::chrono::steady_clock::time_point first_look(
      const CallHead& head) const noexcept {
    const auto at = head.at + (head.meanwhile != nullptr ? kBeat : prompt_);
    return head.reach_by == decltype(at){} ? at : std::min(at, head.reach_by);
  }
  static constexpr std::chrono::milliseconds kBeat{100};  // of head.meanwhile

  template <class Response>
  Reply reply_of(Waited waited, const grpc::Status& status, const grpc::ClientContext& context,
                 Response& response) {
    if (!status.ok()) return failed(waited, status, context);
    Reply reply;
    if constexpr (requires { response.mutable_new_strategy(); }) {
      if (response.has_new_strategy())
        reply.new_strategy = std::move(*response.mutable_new_strategy());
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

  /// One call's queue. To make one costs more than all else that libclient does for a call, so the
  /// last one to be given back waits for the next call. It is empty then: a call ends with taking
  /// its one answer out.
  class QueueLoan {
   public:
    using Spare = std::atomic<grpc::CompletionQueue*>;
    // acquire, release: from the thread that gives it back to the one that takes it
    explicit QueueLoan(Spare& spare)
        : spare_(spare), queue_(spare.exchange(nullptr, std::memory_order_acquire)) {
      if (queue_ == nullptr) queue_ = std::make_unique<grpc::CompletionQueue>();
    }
    ~QueueLoan() { delete spare_.exchange(queue_.release(), std::memory_order_acq_rel); }
    QueueLoan(const QueueLoan&) = delete;
    QueueLoan& operator=(const QueueLoan&) = delete;
    [[nodiscard]] grpc::CompletionQueue& operator*() const noexcept { return *queue_; }

   private:
    Spare& spare_;
    std::unique_ptr<grpc::CompletionQueue> queue_;
  };

  [[nodiscard]] Reply failed(Waited waited, const grpc::Status& status,
                             const grpc::ClientContext& context);
  [[nodiscard]] Reply given_up(Waited waited) const;
  /// True if the status of a failed call came in the engine's trailers. The text of a status cannot
  /// tell, because an engine may say anything; this is gRPC's own account of the error.
  static bool sent_by_engine(const grpc::ClientContext& context);
  Waited wait_longer(grpc::ClientContext& context, grpc::CompletionQueue& answers,
                     const CallHead& head);

  const std::chrono::milliseconds prompt_;  // a call that is answered within it is not looked after
  const std::optional<HttpProxy> proxy_;    // between this channel and the engine
  std::atomic<bool> unreached_{false};      // see out_of_reach
  QueueLoan::Spare spare_queue_{nullptr};   // owned; null while a call has it
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
