#include "e6/client/options.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <system_error>

#include "e6/client/error.h"
#include "environment.h"
#include "journal.h"
#include "metadata_value.h"
#include "seconds_text.h"
#include "text/ascii.h"
#include "text/one_line.h"
#include "text/utf8.h"
#include "url.h"

namespace e6::client {
namespace {

using std::chrono::milliseconds;

template <class... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  std::string sentence;
  ((sentence += parts), ...);
  throw OptionError(sentence);
}

void check(std::string_view name, milliseconds value, milliseconds least, milliseconds most) {
  if (value < least || value > most) {
    refuse("option ", name, " is ", seconds_text(value), "; it must be from ", seconds_text(least), " to ",
           seconds_text(most));
  }
}

void check(std::string_view name, long value, long least, long most) {
  if (value < least || value > most) {
    refuse("option ", name, " is ", std::to_string(value), "; it must be from ", std::to_string(least),
           " to ", std::to_string(most));
  }
}

void check_length(std::string_view name, std::string_view value, std::size_t most) {
  if (value.size() > most) {
    refuse("option ", name, " has ", std::to_string(value.size()), " characters; at most ",
           std::to_string(most), " are allowed");
  }
}

// What becomes a Protobuf string. It may be a secret: its text is not shown.
void check_utf8(std::string_view name, std::string_view value) {
  if (const std::size_t bad = first_not_utf8(value); bad != std::string::npos)
    refuse("option ", name, " is not UTF-8: ", byte_at(value, bad), "; convert it to UTF-8");
}

void check_text(std::string_view name, std::string_view value, std::size_t most) {
  check_length(name, value, most);
  check_utf8(name, value);
  if (std::any_of(value.begin(), value.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    refuse("option ", name, " contains a control character; remove it");
  }
}

void check_metadata(std::string_view name, std::string_view value, std::size_t most) {
  check_length(name, value, most);
  if (const std::size_t bad = first_not_metadata(value); bad != std::string::npos) {
    refuse("option ", name, " is '", value, "', of which ", byte_at(value, bad),
           "; it is sent as HTTP metadata, which carries printable ASCII only");
  }
}

// With a scope or without ("fe80::1%eth0").
bool is_ipv6(std::string_view text) {
  const std::size_t percent = text.find('%');
  const std::string address(text.substr(0, percent));
  in6_addr unused;
  if (address.find('\0') != std::string::npos ||
      ::inet_pton(AF_INET6, address.c_str(), &unused) != 1)
    return false;
  if (percent == std::string_view::npos) return true;
  const std::string_view scope = text.substr(percent + 1);
  return !scope.empty() && std::all_of(scope.begin(), scope.end(), [](char c) {
    return ascii::is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

bool is_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return ascii::is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

// gRPC takes a target for a URI, and makes a header of it.
void check_host(std::string_view value) {
  check_length("host", value, 253);
  const bool bracketed = value.size() > 2 && value.starts_with('[') && value.ends_with(']');
  if (bracketed ? is_ipv6(value.substr(1, value.size() - 2)) : is_name(value) || is_ipv6(value))
    return;
  const std::size_t colon = value.rfind(':');
  const std::string_view before = value.substr(0, colon);
  if (colon != std::string_view::npos &&
      (before.ends_with(']') || before.find(':') == std::string_view::npos))
    refuse("option host is '", value, "'; give the port as option port, and the host without it");
  refuse("option host is '", value,
         "'; it must be a name or address without scheme, port, path or spaces",
         first_not_metadata(value) == std::string_view::npos
             ? ""
             : ", an international name in its ASCII form (xn--...)");
}

void check_server_name(std::string_view value) {
  check_length("tls.server_name", value, 253);
  if (is_name(value) || is_ipv6(value)) return;
  refuse("option tls.server_name is '", value,
         "'; it must be a name or address as it stands in a certificate",
         first_not_metadata(value) == std::string_view::npos
             ? ""
             : ", an international name in its ASCII form (xn--...)");
}

// A NUL would end it early: another file would be read.
void check_path(std::string_view name, std::string_view value) {
  if (value.find('\0') != std::string_view::npos)
    refuse("option ", name, " contains a NUL; remove it");
}

// The number in an environment variable; false if it is not set.
bool read_number(const char* name, double least, double most, bool whole, double& out) {
  const std::optional<std::string_view> given = variable(name);
  if (!given) return false;
  const std::string_view value = *given;
  double number = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool good = failure == std::errc{} && end == value.data() + value.size() && std::isfinite(number) &&
                    number >= least && number <= most && (!whole || number == std::floor(number));
  if (!good) {
    refuse("environment variable ", name, " is '", value.substr(0, 60), "'; it must be a ",
           whole ? "whole " : "", "number from ", std::to_string(static_cast<long>(least)), " to ",
           std::to_string(static_cast<long>(most)));
  }
  out = number;
  return true;
}

constexpr milliseconds kDay{86'400'000};

}  // namespace

ConnectionOptions ConnectionOptions::from_environment() {
  ConnectionOptions options;
  e6::Error error;
  options.shared = e6::Options::from_environment(&error);
  if (error) throw OptionError(error.sentence());
  double number = 0;
  if (read_number("E6DATA_MAX_RETRY_ATTEMPTS", 1, 100, true, number))
    options.max_retry_attempts = static_cast<int>(number);
  if (read_number("E6DATA_RETRY_BACKOFF_FACTOR", 0, 60, false, number)) {
    options.retry_backoff = milliseconds(std::llround(number * 1000));
  }
  if (const auto level = variable("E6DATA_LOG_LEVEL"); level && !parse_level(*level)) {
    refuse("environment variable E6DATA_LOG_LEVEL is '", level->substr(0, 60),
           "'; it must be trace, debug, info, warning, error, critical or off");
  }
  if (const auto wish = variable("E6DATA_LIBRARY_LOGS");
      wish && *wish != "logger" && *wish != "leave") {
    refuse("environment variable E6DATA_LIBRARY_LOGS is '", one_line(wish->substr(0, 60)),
           "'; it must be logger or leave");
  }
  if (const auto url = variable("E6_SHM_URL")) {
    try {
      overlay_url(*url, options);
    } catch (const OptionError& bad) {
      refuse("environment variable E6_SHM_URL: ", std::string_view(bad.what()));
    }
  }
  return options;
}

void ConnectionOptions::validate() {
  if (host.empty()) refuse("option host is empty; name the engine's host");
  check_host(host);
  check("port", port, 1, 65535);
  if (user.empty()) refuse("option user is empty; credentials are required");
  if (password.empty()) refuse("option password is empty; credentials are required");
  check_utf8("user", user);
  check_utf8("password", password);
  check_text("impersonated_user", impersonated_user, 1000);
  check_metadata("cluster_name", cluster_name, 100);
  check_text("catalog", catalog, 1000);
  check_text("database", database, 1000);
  cluster_name = ascii::lower(std::move(cluster_name));

  check_server_name(tls.server_name);
  check_path("tls.roots_file", tls.roots_file);
  check_path("tls.certificate_file", tls.certificate_file);
  check_path("tls.key_file", tls.key_file);
  const auto one_of = [](const char* name, const std::string& file, const std::string& pem) {
    if (!file.empty() && !pem.empty()) refuse("options tls.", name, "_file and tls.", name, "_pem are both set; choose one");
    if (!pem.empty() && pem.find("-----BEGIN ") == std::string::npos)
      refuse("option tls.", name, "_pem is no PEM text; give text with -----BEGIN in it, or a file as tls.", name, "_file");
    return !file.empty() || !pem.empty();
  };
  const bool roots = one_of("roots", tls.roots_file, tls.roots_pem);
  const bool certificate = one_of("certificate", tls.certificate_file, tls.certificate_pem);
  const bool key = one_of("key", tls.key_file, tls.key_pem);
  if (certificate != key)
    refuse("option tls.", certificate ? "certificate" : "key", " is given without tls.", certificate ? "key" : "certificate",
           "; mutual TLS wants both, as _file or _pem");
  if (!tls.enabled && certificate) refuse("a client certificate is given but tls.enabled is false; set it, or remove the certificate");
  if (!tls.enabled && roots) {
    refuse("root certificates are given but tls.enabled is false; set it, or remove them");
  }

  check("channel.keepalive_time", channel.keepalive_time, milliseconds(1000), kDay);
  check("channel.keepalive_timeout", channel.keepalive_timeout, milliseconds(1000), kDay);
  if (channel.liveness_interval.count() != 0)
    check("channel.liveness_interval", channel.liveness_interval, milliseconds(100), kDay);
  check("channel.liveness_timeout", channel.liveness_timeout, milliseconds(100), kDay);
  check("channel.max_send_bytes", channel.max_send_bytes, 1024, 2147483647);
  if (channel.max_receive_bytes != -1)
    check("channel.max_receive_bytes", channel.max_receive_bytes, 1024, 2147483647);

  check("resume_timeout", resume_timeout, milliseconds(1000), milliseconds(3'600'000));
  check("resume_poll", resume_poll, milliseconds(1), milliseconds(60'000));
  check("max_retry_attempts", max_retry_attempts, 1, 100);
  check("retry_backoff", retry_backoff, milliseconds(0), milliseconds(60'000));
  check("connect_timeout", connect_timeout, milliseconds(100), milliseconds(600'000));
  check("prepare_timeout", prepare_timeout, milliseconds(1), kDay);
  check("call_timeout", call_timeout, milliseconds(1), kDay);
  check("operation_timeout", operation_timeout, milliseconds(1), 7 * kDay);

  if (shared.cluster.empty()) {
    shared.cluster = ascii::lower(target());
    if (!cluster_name.empty()) shared.cluster += "/" + cluster_name;
  }
  if (e6::Error error = shared.validate()) throw OptionError(error.sentence());
}

std::string ConnectionOptions::target() const {
  const bool bare_ipv6 = host.find(':') != std::string::npos && host.front() != '[';
  return (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace e6::client
