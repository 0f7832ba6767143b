// The way of every call: who and what is it, may it come in, wait, do it, answer.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "core/engine_core.h"
#include "rpc/delayed.h"
#include "rpc/peer_pid.h"
#include "text/hints.h"

namespace e6::sim {

using Reactor = grpc::ServerUnaryReactor;
using Context = grpc::CallbackServerContext;

inline grpc::Status to_status(const Refusal& refusal) {
  return {static_cast<grpc::StatusCode>(refusal.code), refusal.details};
}

inline std::string_view header(const Context& context, const char* key) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(key);
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

// What all services share. Thread-safe.
class Serving {
 public:
  Serving(EngineCore& core, Delayed& delayed, PeerPids& pids) : core_(core), delayed_(delayed), pids_(pids) {}

  // Serves one call; `fill(reply, response)` writes what the method answers, outside of the engine's lock.
  // sessionId and new_strategy are written here for every response that has them.
  template <class Request, class Response, class Fill>
  Reactor* serve(Method method, Context* context, const Request* request, Response* response, Fill fill) {
    Reactor* reactor = context->DefaultReactor();
    Call call = describe(method, *context, *request);
    const auto admitted = core_.admit(call);
    if (const auto* refusal = std::get_if<Refusal>(&admitted)) {
      reactor->Finish(to_status(*refusal));
      return reactor;
    }
    const Ticket ticket = std::get<Ticket>(admitted);
    // The request lives until Finish, so the texts of the call do too.
    auto finish = [this, reactor, response, ticket, call = std::move(call), fill](bool in_time) {
      if (!in_time) {
        reactor->Finish({grpc::StatusCode::UNAVAILABLE, "the simulator is stopping"});
        return;
      }
      const Reply reply = core_.commit(call, ticket);
      if (reply.refusal) {
        reactor->Finish(to_status(*reply.refusal));
        return;
      }
      if constexpr (requires { response->set_sessionid(reply.session_id); }) {
        response->set_sessionid(reply.session_id);
      }
      if constexpr (requires { response->set_new_strategy(std::string()); }) {
        if (reply.new_strategy) response->set_new_strategy(*reply.new_strategy);
      }
      fill(reply, *response);
      reactor->Finish(grpc::Status::OK);
    };
    if (ticket.latency <= 0) {
      finish(true);
    } else {
      delayed_.after(ticket.latency, std::move(finish));
    }
    return reactor;
  }

  // For methods that answer nothing of their own.
  template <class Request, class Response>
  Reactor* serve(Method method, Context* context, const Request* request, Response* response) {
    return serve(method, context, request, response, [](const Reply&, Response&) {});
  }

 private:
  template <class Request>
  Call describe(Method method, const Context& context, const Request& request) {
    Call call;
    call.method = method;
    call.colour = parse_colour(header(context, "strategy"));
    call.planner_ip = header(context, "plannerip");
    call.pid = pids_.find(context);
    if constexpr (requires { request.sessionid(); }) call.session_id = request.sessionid();
    if (kind(method) == Kind::kQuery) {
      if constexpr (requires { request.queryid(); }) call.query_id = request.queryid();
      if constexpr (requires { request.engineip(); }) call.engine_ip = request.engineip();
    }
    if constexpr (requires { request.password(); }) {
      call.user = request.user();
      call.password = request.password();
    }
    if constexpr (requires { request.querystring(); }) {
      call.sql = request.querystring();
      auto hints = parse_hints(call.sql);
      if (auto* problem = std::get_if<std::string>(&hints)) {
        call.unreadable = std::move(*problem);
      } else {
        call.hints = std::make_shared<const QueryHints>(std::get<QueryHints>(hints));
      }
    }
    return call;
  }

  EngineCore& core_;
  Delayed& delayed_;
  PeerPids& pids_;
};

}  // namespace e6::sim
