#include "session_drops.h"

#include <cstddef>
#include <list>
#include <utility>

#include "channel_stubs.h"

namespace e6::client {

struct SessionDrops::Inside {
  struct Call {
    Call(std::shared_ptr<Channel> on, const CallHead& head)
        : channel(std::move(on)), sending(*channel->stubs_, head) {}
    std::shared_ptr<Channel> channel;
    Channel::Stubs::Sending sending;
    DropUserContextResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<DropUserContextResponse>> reader;
  };

  // A queue is destroyed after everything that it was asked for has come out of it.
  ~Inside() {
    wait();
    answers.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (answers.Next(&tag, &ok)) {
    }
  }
  void wait() {
    void* tag = nullptr;
    bool ok = false;
    for (; on_the_way > 0; --on_the_way) (void)answers.Next(&tag, &ok);
  }

  std::list<Call> calls;  // gRPC keeps pointers into them
  std::size_t on_the_way = 0;
  grpc::CompletionQueue answers;
};

SessionDrops::SessionDrops() noexcept = default;
SessionDrops::~SessionDrops() = default;

bool SessionDrops::start(std::shared_ptr<Channel> channel, const CallHead& head,
                         const std::string& session, const std::string& engine) {
  const grpc_connectivity_state state = channel->stubs_->channel->GetState(false);
  if (state == GRPC_CHANNEL_CONNECTING || state == GRPC_CHANNEL_TRANSIENT_FAILURE) return false;
  if (inside_ == nullptr) inside_ = std::make_unique<Inside>();
  DropUserContextRequest request;
  request.set_sessionid(session);
  request.set_engineip(engine);
  Inside::Call& call = inside_->calls.emplace_back(std::move(channel), head);
  call.reader = call.channel->stubs_->engine.AsyncdropUserContext(&call.sending.context, request,
                                                                  &inside_->answers);
  call.reader->Finish(&call.response, &call.status, nullptr);
  ++inside_->on_the_way;
  return true;
}

std::vector<Reply> SessionDrops::finish() {
  std::vector<Reply> replies;
  if (inside_ == nullptr) return replies;
  inside_->wait();
  for (Inside::Call& call : inside_->calls) {
    replies.push_back(call.channel->stubs_->reply_of(Channel::Stubs::Waited::kAnswered, call.status,
                                                     call.sending.context, call.response));
  }
  inside_ = nullptr;
  return replies;
}

}  // namespace e6::client
