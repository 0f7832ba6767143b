// Settings of a connection. Code wins over the environment, the environment over the default.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "e6/client/call_observer.h"
#include "e6/shared/options.h"

namespace e6::client {

/// How the engine is to be trusted. Plaintext unless `enabled`.
struct TlsOptions {
  bool enabled = false;
  /// PEM file with the root certificates; empty means the system's.
  std::string roots_file;
  /// Root certificates as PEM text; not allowed together with `roots_file`.
  std::string roots_pem;
  /// The name to expect in the engine's certificate instead of the host; empty means the host.
  std::string server_name;
  /// Mutual TLS: this client's certificate, with the chain behind it, and its private key. Each as a PEM file or as PEM
  /// text, not both; a certificate and its key come together. Files are read when a channel is opened.
  std::string certificate_file;
  std::string certificate_pem;
  std::string key_file;
  /// Never enters a log, a message or the segment.
  std::string key_pem;
};

/// What gRPC is told about a channel, and how a call that waits long finds out whether the engine
/// is still there. With the defaults a call of any length survives a gRPC server with default
/// settings, and an engine that has vanished is noticed within a minute. docs/client.md says how,
/// and why the Python connector's values are not used.
struct ChannelTuning {
  /// Pause between pings while calls are on their way. 1 s to 1 day.
  std::chrono::milliseconds keepalive_time{30'000};
  /// A ping, or bytes of a call, that the other end does not confirm for so long end the
  /// connection. 1 s to 1 day.
  std::chrono::milliseconds keepalive_timeout{25'000};
  /// Ping also when no call is on its way, and without a limit. Engines with gRPC's default policy
  /// end such connections (too_many_pings).
  bool keepalive_without_calls = false;
  /// A call that has waited for so long makes a health check beside itself, and again after as
  /// long. The answers keep pings allowed. 100 ms to 1 day; 0: none.
  std::chrono::milliseconds liveness_interval{20'000};
  /// Where keepalive_time and keepalive_timeout together are longer than a minute, so that pings
  /// would find out late: a health check that is not answered for so long ends the calls that wait,
  /// as a lost connection. 100 ms to 1 day.
  std::chrono::milliseconds liveness_timeout{25'000};
  int max_send_bytes = 300 << 20;  ///< 1 KiB to 2 GiB - 1
  int max_receive_bytes = -1;      ///< -1 is unlimited
};

/// Plain data; copy it, keep it, change it until a Connection is made of it.
struct ConnectionOptions {
  /// Name or address of the engine (or of the ingress in front of its colours), without a port:
  /// letters, digits and
  /// `. - _`, or an IPv6 address with or without brackets. Required, 1 to 253 characters.
  std::string host;
  /// 1 to 65535. Required.
  int port = 0;
  /// Credentials; required, UTF-8. They never enter a log, a message or the segment.
  std::string user;
  std::string password;
  /// The user on whose behalf the session works (userNameForImpersonation); empty means `user` itself.
  std::string impersonated_user;
  /// Catalog of the statements. When empty, the calls without catalog (V1) are used.
  std::string catalog;
  /// Schema of the statements.
  std::string database;
  /// Sent as `cluster-name`, lower-cased. At most 100 characters of printable ASCII.
  std::string cluster_name;
  TlsOptions tls;
  ChannelTuning channel;

  /// Wake a suspended cluster (once per host) instead of failing with ClusterSuspendedError.
  bool auto_resume = true;
  /// The longest that an operation waits for a suspended cluster, whether it resumes it, waits for another process, or is refused as suspended by what stands
  /// before an active cluster. 1 s to 1 h.
  std::chrono::milliseconds resume_timeout{300'000};
  /// Pause between two looks at a resuming cluster. 1 ms to 1 min.
  std::chrono::milliseconds resume_poll{5'000};

  /// How often one call may be made before its failure is passed on. 1 to 100. Environment:
  /// E6DATA_MAX_RETRY_ATTEMPTS.
  int max_retry_attempts = 5;
  /// Pause before the second attempt; doubled each time, at most 10 s, with jitter. 0 to 60 s.
  /// Environment: E6DATA_RETRY_BACKOFF_FACTOR (seconds, fractions allowed).
  std::chrono::milliseconds retry_backoff{200};
  /// Run a query again by itself if it was lost with its colour before a row of it, or its end, was
  /// handed out. Only for statements that may run twice: the engine had already accepted the first
  /// one.
  bool reexecute_lost_queries = false;

  /// The longest an operation goes on trying to reach an engine that cannot be reached. 100 ms to 10 min.
  std::chrono::milliseconds connect_timeout{10'000};
  /// Deadline of one prepare call. 1 ms to 1 day.
  std::chrono::milliseconds prepare_timeout{600'000};
  /// Deadline of any other single call. 1 ms to 1 day.
  std::chrono::milliseconds call_timeout{600'000};
  /// The longest that one function of Connection or Cursor takes altogether: detection, authentication,
  /// retries and pauses included. 1 ms to 7 days.
  std::chrono::milliseconds operation_timeout{1'800'000};

  /// Ask the engine to forget a session (dropUserContext) when its connection is closed or
  /// destroyed, or the session's last query ends after that. One attempt, half a second at most, no
  /// error; nothing is sent to a colour that is gone. Without it the session stays until the
  /// engine's own time-out.
  bool end_sessions = true;

  /// Hears of every call; may be empty.
  std::shared_ptr<CallObserver> observer;

  /// The host's knowledge: where segments live, TTL, policy, sharing on or off. When `shared.cluster` is
  /// empty it becomes `host:port[/cluster-name]`.
  e6::Options shared;

  /// The defaults, overlaid with the environment: E6_SHM_URL (a URL as from_url takes it), then the variables
  /// named above and those of e6::Options. An empty variable is as if it were not set.
  /// Throws OptionError naming the first variable whose value is bad, the value and the range.
  [[nodiscard]] static ConnectionOptions from_environment();
  /// The options in a URL, over those of the environment:
  ///
  ///   e6data://user:token@host:port/catalog/database?cluster=main&secure=true&call_timeout=30s
  ///
  /// Everything between `e6data://` and `?` may be left out, one by one from the right, and set in code. User and
  /// token need percent-encoding for `% / ? # [ ] @ :` (an `@` in an e-mail address is %40); an IPv6 address
  /// stands in brackets. docs/client.md lists the parameters.
  /// Throws OptionError naming the part or parameter, its value and the remedy. What may be a user's name or a
  /// token is never in its text.
  [[nodiscard]] static ConnectionOptions from_url(std::string_view url);
  /// Checks every range and normalises `cluster_name` and `shared`. Throws OptionError naming the option, the
  /// value and the range.
  void validate();
  /// `host:port`, with brackets around an IPv6 address.
  [[nodiscard]] std::string target() const;
};

}  // namespace e6::client
