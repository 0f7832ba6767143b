#include "raw_engine.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <mutex>
#include <stdexcept>
#include <utility>

namespace e6::client::test {

void Wire::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>(value | 0x80U);
  bytes_ += static_cast<char>(value);
}

Wire& Wire::text(int field, std::string_view value) {
  varint(static_cast<std::uint64_t>(field) << 3U | 2U);
  varint(value.size());
  bytes_ += value;
  return *this;
}

Wire& Wire::number(int field, std::uint64_t value) {
  varint(static_cast<std::uint64_t>(field) << 3U);
  varint(value);
  return *this;
}

std::string RawCall::header(const std::string& key) const {
  const auto [first, last] = metadata.equal_range(key);
  if (first == last) return "";
  if (std::next(first) != last) return "given more than once";
  return first->second;
}

std::string RawCall::decoded() const {
  std::string name = "/tmp/e6-wire-XXXXXX";
  const int file = ::mkstemp(name.data());
  if (file < 0 || ::write(file, request.data(), request.size()) != static_cast<ssize_t>(request.size()))
    throw std::runtime_error("no temporary file");
  ::close(file);
  FILE* out = ::popen((std::string(E6_PROTOC_PROGRAM) + " --decode_raw < " + name).c_str(), "r");
  std::string text;
  for (int c = out == nullptr ? EOF : ::fgetc(out); c != EOF; c = ::fgetc(out)) text += static_cast<char>(c);
  const int status = out == nullptr ? -1 : ::pclose(out);
  ::unlink(name.c_str());
  if (status != 0) throw std::runtime_error("protoc --decode_raw failed");
  return text;
}

struct RawEngine::Inside final : grpc::CallbackGenericService {
  std::function<Answer(const RawCall&)> answer;
  std::string address;
  int port = 0;
  std::unique_ptr<grpc::Server> server;
  std::mutex mutex;
  std::vector<RawCall> calls;

  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    Reactor(Inside& inside, grpc::GenericCallbackServerContext& context) : inside_(inside) {
      call_.path = context.method();
      for (const auto& [key, value] : context.client_metadata())
        call_.metadata.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
      StartRead(&buffer_);
    }
    void OnReadDone(bool ok) override {
      if (!ok) {
        Finish(grpc::Status(grpc::StatusCode::INTERNAL, "no request"));
        return;
      }
      std::vector<grpc::Slice> slices;
      (void)buffer_.Dump(&slices);
      for (const grpc::Slice& slice : slices) call_.request.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
      {
        const std::lock_guard guard(inside_.mutex);
        inside_.calls.push_back(call_);
      }
      const Answer answer = inside_.answer(call_);
      if (answer.code != 0) {
        Finish(grpc::Status(static_cast<grpc::StatusCode>(answer.code), answer.details));
        return;
      }
      const grpc::Slice slice(answer.response);
      buffer_ = grpc::ByteBuffer(&slice, 1);
      StartWriteAndFinish(&buffer_, grpc::WriteOptions(), grpc::Status::OK);
    }
    void OnDone() override { delete this; }

   private:
    Inside& inside_;
    RawCall call_;
    grpc::ByteBuffer buffer_;
  };
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Reactor(*this, *context);
  }
};

RawEngine::RawEngine(std::function<Answer(const RawCall&)> answer,
                     std::shared_ptr<grpc::ServerCredentials> credentials,
                     const std::string& address)
    : inside_(std::make_unique<Inside>()) {
  inside_->address = address;
  inside_->answer = std::move(answer);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address + ":0",
                           credentials != nullptr ? credentials : grpc::InsecureServerCredentials(),
                           &inside_->port);
  builder.RegisterCallbackGenericService(inside_.get());
  inside_->server = builder.BuildAndStart();
  if (inside_->server == nullptr) throw std::runtime_error("the raw engine does not start");
}

RawEngine::~RawEngine() {
  inside_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  inside_->server->Wait();
}

std::string RawEngine::target() const {
  return inside_->address + ":" + std::to_string(inside_->port);
}

std::vector<RawCall> RawEngine::take() {
  const std::lock_guard guard(inside_->mutex);
  return std::exchange(inside_->calls, {});
}

}  // namespace e6::client::test
