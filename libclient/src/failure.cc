// From an answer to an exception: one sentence, the circumstances, and no secret in either.
#include <algorithm>
#include <vector>

#include "link.h"
#include "text/one_line.h"
#include "text/redact.h"
#include "tls_trouble.h"

namespace e6::client {
namespace {

// The lines of a key; not those that only say that it is one.
void add_key_lines(std::string_view pem, std::vector<std::string_view>& secrets) {
  while (!pem.empty()) {
    std::string_view line = pem.substr(0, pem.find('\n'));
    pem.remove_prefix(std::min(pem.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with("-----")) secrets.push_back(line);
  }
}

}  // namespace

// An engine may quote what it was sent, in this call or before. What is secret goes first: a cut in
// the middle of a secret would leave half of it. Engines' texts travel as metadata, and are kept as
// long as gRPC lets them through.
std::string Link::redacted(std::string_view details, const SessionPtr& session) {
  constexpr std::size_t kLongest = 64 * 1024;
  const SessionPtr blue = lane(Strategy::kBlue).session();
  const SessionPtr green = lane(Strategy::kGreen).session();
  std::vector<std::string_view> secrets{options_.password, options_.user,
                                        options_.impersonated_user};
  for (const SessionPtr& each : {session, blue, green})
    if (each != nullptr) secrets.push_back(each->id);
  add_key_lines(options_.tls.key_pem, secrets);
  const std::string clean = redact(details, secrets);
  return cut(clean, kLongest, " ... (cut, " + std::to_string(clean.size()) + " bytes in all)");
}

// The error's details have the words as they came.
std::string Link::describe(const Answer& answer) {
  std::string text(answer.call);
  if (answer.strategy != Strategy::kNone) text += " on " + std::string(to_string(answer.strategy));
  text += " answered " + std::string(code_name(answer.code));
  if (!answer.details.empty()) text += ": " + answer.words();
  if (!answer.advice.empty()) text += " (" + answer.advice + ")";
  return text;
}

ErrorContext Link::context_of(const Answer& answer, std::string_view query_id) const {
  constexpr std::size_t kEvents = 16;
  ErrorContext context;
  context.code = answer.code;
  context.details = answer.details;
  context.call = answer.call;
  context.query_id = query_id;
  context.strategy = answer.strategy;
  context.epoch = answer.epoch;
  context.events = host().recent_events(kEvents);
  return context;
}

void Link::fail_cancelled(const Answer& answer, std::string_view query_id) const {
  const bool executing = std::string_view(answer.call).starts_with("execute");
  fail_as<CancelledError>("cancelled by the caller during " + std::string(answer.call) + " at " + target_ +
                              (executing ? "; the engine may or may not have accepted the statement" : ""),
                          answer, query_id);
}

// For a statement whose refusal was put in words of the engine's own: it may have been looked at.
void Link::fail_maybe_run(const Answer& answer, std::string_view query_id) const {
  const std::string why = answer.meaning == Meaning::kSuspended ? "the cluster was suspended"
                                                                : "its strategy no longer serves";
  const std::string what =
      query_id.empty() ? std::string(answer.call) : "query " + std::string(query_id);
  fail_as<QueryLostError>(what + " on " + std::string(to_string(answer.strategy)) + " is lost: " +
                              why + ", and the engine may or may not have accepted it (" +
                              describe(answer) + "); run it again if the statement may run twice",
                          answer, query_id);
}

void Link::fail_answer_lost(const Query& query, const char* call) const {
  Answer none;
  none.call = call;
  none.strategy = query.strategy;
  none.epoch = host().snapshot().epoch;
  fail_as<QueryLostError>(
      std::string(call) + " of query " + query.id +
          " is not sent: an earlier one broke off, so that rows (or a step) would be missing "
          "without a word; clear the query and run it again",
      none, query.id);
}

void Link::fail_as_query(const Answer& answer, std::string_view query_id) const {
  fail_as<QueryError>((query_id.empty() ? std::string("the statement failed: ")
                                        : "query " + std::string(query_id) + " failed: ") +
                          describe(answer),
                      answer, query_id);
}

void Link::fail(const Answer& answer, std::string_view query_id) const {
  const bool authenticating = std::string_view(answer.call) == "authenticate";
  const std::string what = describe(answer);
  const TlsTrouble trouble = answer.from_engine
                                 ? TlsTrouble::kNone
                                 : tls_trouble(answer.code, answer.details, options_.tls.enabled);
  switch (answer.meaning) {
    case Meaning::kWrongStrategy:
      fail_as<AuthenticationError>(
          target_ + " went on refusing every strategy tried: " + what +
              "; the cluster changes its strategy faster than attempts allow, or serves none",
          answer, query_id);
    case Meaning::kAccessDenied:
      fail_as<AuthenticationError>(
          target_ +
              (authenticating ? " refused the credentials: " : " denied access with a fresh session: ") +
              what + "; check user and password, and what the user may do",
          answer, query_id);
    case Meaning::kSuspended:
      fail_as<ClusterSuspendedError>("the cluster at " + target_ + " is suspended: " + what, answer,
                                     query_id);
    case Meaning::kTls:
      fail_as<TlsError>(tls_sentence(trouble, target_, options_.tls) + " (" + what + ")", answer, query_id);
    case Meaning::kUnavailable:
      if (options_.tls.enabled && trouble == TlsTrouble::kClosed)
        fail_as<TlsError>(tls_sentence(trouble, target_, options_.tls) + " (" + what + ")", answer, query_id);
      if (answer.from_engine)
        fail_as<ConnectionError>("the engine at " + target_ + " is not available: " + what, answer,
                                 query_id);
      fail_as<ConnectionError>("cannot reach the engine at " + target_ + ": " + what +
                                   "; check host, port, TLS settings and that the engine runs",
                               answer, query_id);
    case Meaning::kTimedOut:
      if (answer.unsent) {
        fail_as<TimeoutError>(
            "the deadline passed before " + std::string(answer.call) + " was sent to " + target_,
            answer, query_id);
      }
      if (std::string_view(answer.call).starts_with("execute")) {
        fail_as<TimeoutError>("execute got no answer from " + target_ +
                                  " in time; the engine may or may not have accepted the statement: " + what,
                              answer, query_id);
      }
      fail_as<TimeoutError>("no answer from " + target_ + " in time: " + what, answer, query_id);
    default:
      break;
  }
  if (authenticating && answer.code == code::kUnimplemented) {
    fail_as<ConnectionError>(what + "; what listens at " + target_ + " is no engine: check host and port",
                             answer, query_id);
  }
  if (authenticating)
    fail_as<AuthenticationError>(target_ + " did not authenticate the user: " + what, answer, query_id);
  fail_as_query(answer, query_id);
}

}  // namespace e6::client
