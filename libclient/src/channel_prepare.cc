// Prepare, the one call that outlives its caller: what the engine has prepared has to be cleared,
// and only the answer says what that is.
#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "channel_wait.h"
#include "spare_memory.h"

namespace e6::client {
namespace {

// How long an answer is waited for after the caller has gone; then gRPC cancels the call.
constexpr std::chrono::seconds kGrace{30};
constexpr std::chrono::milliseconds kStopSlice{5};  // a stop request cannot wake the queue

// Both kinds of prepare have these fields.
template <class Request>
void fill_prepare(Request& request, const std::string& session, const ConnectionOptions& options,
                  std::string_view sql, const PlannerPlace* place) {
  request.set_sessionid(session);
  request.set_schema(options.database);
  request.set_querystring(sql.data(), sql.size());
  if (place == nullptr) return;
  if (!place->planner.empty()) request.set_plannerip(place->planner);
  if (!place->query_id.empty()) {
    request.mutable_existingquery()->set_queryid(place->query_id);
    request.mutable_existingquery()->set_elapsedtimemillis(place->waited_ms);
  }
}

}  // namespace

/// Everything that a prepare needs until its answer is there.
class Channel::PrepareCall final : public LatePrepare {
  using Spare = SpareMemory<PrepareCall>;  // of the last call of this thread, for its next one

 public:
  PrepareCall() = default;
  ~PrepareCall() override {
    if (reader_ != nullptr && !answered_) {
      context.TryCancel();
      (void)wait(gpr_inf_future(GPR_CLOCK_MONOTONIC));  // a cancelled call ends at once
    }
    answers_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (answers_.Next(&tag, &ok)) {
    }
  }
  static void* operator new(std::size_t size) {
    void* spare = Spare::take();
    return spare != nullptr ? spare : ::operator new(size);
  }
  static void operator delete(void* memory) noexcept { Spare::put(memory); }

  template <class Method, class Request>
  void start(QueryEngineService::Stub& stub, Method method, const Request& request) {
    reader_ = (stub.*method)(&context, request, &answers_);
    reader_->Finish(response_, &status, nullptr);
  }
  /// True once the answer is there. `looked_after` may be null.
  [[nodiscard]] bool wait(gpr_timespec deadline, CallWait* looked_after = nullptr) {
    void* tag = nullptr;
    bool ok = false;
    if (!answered_ && answers_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT)
      answered_ = looked_after == nullptr || looked_after->is_answer(tag);
    return answered_;
  }
  /// The queue holds nothing but this call's answer afterwards.
  void leave_alone(CallWait& looked_after) {
    answered_ = looked_after.stop_checking() || answered_;
  }
  [[nodiscard]] State poll(std::string& engine, std::string& id) override {
    if (!wait(gpr_time_0(GPR_CLOCK_MONOTONIC))) return State::kWaiting;
    if (!status.ok()) return State::kNothing;
    take(engine, id);
    return State::kQuery;
  }
  void take(std::string& engine, std::string& id) {
    engine = std::move(*response_->mutable_engineip());
    id = std::move(*response_->mutable_queryid());
  }
  [[nodiscard]] PrepareStatementResponse& response() noexcept { return *response_; }
  [[nodiscard]] grpc::CompletionQueue& answers() noexcept { return answers_; }

  Scratch scratch;
  grpc::ClientContext context;
  grpc::Status status;

 private:
  PrepareStatementResponse* response_ = &scratch.make<PrepareStatementResponse>();
  grpc::CompletionQueue answers_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<PrepareStatementResponse>> reader_;
  bool answered_ = false;
};

[[gnu::hot]] Reply Channel::prepare(const CallHead& head, const std::string& session,
                                    std::string_view sql, const PlannerPlace* place,
                                    std::string& engine, std::string& id,
                                    std::unique_ptr<LatePrepare>& late) {
  using Clock = std::chrono::steady_clock;
  using Stub = QueryEngineService::Stub;
  if (stubs_->out_of_reach()) [[unlikely]]
    stubs_->await_connection(head);
  auto call = std::make_unique<PrepareCall>();
  CallHead outlasting = head;
  outlasting.deadline += kGrace;
  stubs_->dress(call->context, outlasting);
  std::size_t too_long = 0;
  const auto start = [&](auto& request, auto method) {
    fill_prepare(request, session, stubs_->options, sql, place);
    const std::size_t bytes = request.ByteSizeLong();
    if (bytes > stubs_->most_bytes()) {
      too_long = bytes;
    } else {
      call->start(stubs_->engine, method, request);
    }
  };
  if (stubs_->options.catalog.empty()) {
    start(call->scratch.make<PrepareStatementRequest>(), &Stub::AsyncprepareStatement);
  } else {
    auto& request = call->scratch.make<PrepareStatementV2Request>();
    request.set_catalog(stubs_->options.catalog);
    start(request, &Stub::AsyncprepareStatementV2);
  }
  if (too_long != 0) return stubs_->too_long(too_long);

  const bool stoppable = head.stop != nullptr && head.stop->stop_possible();
  std::optional<CallWait> looked_after;
  Clock::time_point next_look = stubs_->first_look(head);
  for (;;) {
    Clock::time_point until = std::min(head.deadline, next_look);
    if (stoppable) until = std::min(until, Clock::now() + kStopSlice);
    if (call->wait(Stubs::deadline_of(until), looked_after ? &*looked_after : nullptr)) break;
    const Clock::time_point now = Clock::now();
    Reply reply;
    if (stoppable && head.stop->stop_requested()) {
      reply.code = static_cast<int>(grpc::StatusCode::CANCELLED);
      reply.details = "cancelled by the caller";
    } else if (now >= head.deadline) {
      reply.code = static_cast<int>(grpc::StatusCode::DEADLINE_EXCEEDED);
      reply.details = "Deadline Exceeded";
    } else {
      if (now < next_look) continue;
      if (!looked_after) looked_after.emplace(*stubs_, call->context, call->answers(), head);
      next_look = looked_after->look();
      continue;
    }
    if (looked_after) call->leave_alone(*looked_after);
    late = std::move(call);
    return reply;
  }
  const Stubs::Waited waited = looked_after ? looked_after->ended() : Stubs::Waited::kAnswered;
  Reply reply = stubs_->reply_of(waited, call->status, call->context, call->response());
  if (call->status.ok()) call->take(engine, id);
  return reply;
}

}  // namespace e6::client
