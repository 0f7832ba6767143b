// Options from a URL. Whatever stands before the last `@` of a URL may be a secret, however badly it is written: no
// message repeats any of it.
#include "url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include "e6/client/error.h"

namespace e6::client {
namespace {

using std::chrono::milliseconds;

[[noreturn]] void refuse(const std::string& sentence) {
  throw OptionError("URL: " + sentence);
}

/// A value that may be shown, cut to a line's worth.
std::string quoted(std::string_view value) {
  std::string text(value.substr(0, 60));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return "'" + text + "'";
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// `what` names the part; its text is not shown.
std::string decoded(std::string_view text, std::string_view what) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      refuse("the " + std::string(what) + " has a '%' without two hexadecimal digits after it; write a plain '%' as %25");
    if (high == 0 && low == 0) refuse("the " + std::string(what) + " contains %00; remove it");
    bytes += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return bytes;
}

bool truth(const std::string& name, const std::string& value) {
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  refuse("parameter " + name + " is " + quoted(value) + "; it must be true, false, 1 or 0");
}

// "30s", "250ms", "5m", "1h", or seconds without a unit.
milliseconds duration(const std::string& name, const std::string& value) {
  double number = 0;
  const char* const last = value.data() + value.size();
  const auto [end, failure] = std::from_chars(value.data(), last, number);
  const std::string_view unit(end, static_cast<std::size_t>(last - end));
  double scale = 0;
  if (unit == "ms") scale = 1;
  if (unit.empty() || unit == "s") scale = 1000;
  if (unit == "m") scale = 60'000;
  if (unit == "h") scale = 3'600'000;
  constexpr double kMost = 1e12;  // ranges are checked later; this only keeps the conversion defined
  if (failure != std::errc{} || scale == 0 || !std::isfinite(number) || number < 0 || number * scale > kMost)
    refuse("parameter " + name + " is " + quoted(value) + "; it must be a duration such as 250ms, 30s, 5m or 1h");
  return milliseconds(std::llround(number * scale));
}

int whole(const std::string& name, const std::string& value) {
  int number = 0;
  const char* const last = value.data() + value.size();
  const auto [end, failure] = std::from_chars(value.data(), last, number);
  if (failure != std::errc{} || end != last) refuse("parameter " + name + " is " + quoted(value) + "; it must be a whole number");
  return number;
}

struct Parameter {
  std::string_view name;
  void (*set)(ConnectionOptions& options, const std::string& name, const std::string& value);
};

// The ranges are those of ConnectionOptions::validate and e6::Options::validate.
#define E6_TEXT(name, place) \
  Parameter { name, [](ConnectionOptions& o, const std::string&, const std::string& v) { o.place = v; } }
#define E6_PARSED(name, place, parse) \
  Parameter { name, [](ConnectionOptions& o, const std::string& n, const std::string& v) { o.place = parse(n, v); } }
constexpr std::array kParameters{
    E6_PARSED("auto_resume", auto_resume, truth),
    E6_PARSED("cache_ttl", shared.ttl, duration),
    E6_PARSED("call_timeout", call_timeout, duration),
    E6_TEXT("catalog", catalog),
    E6_TEXT("cluster", cluster_name),
    E6_PARSED("connect_timeout", connect_timeout, duration),
    E6_TEXT("database", database),
    E6_PARSED("detection_timeout", shared.detection_timeout, duration),
    E6_PARSED("end_sessions", end_sessions, truth),
    E6_TEXT("impersonated_user", impersonated_user),
    E6_PARSED("keepalive_time", channel.keepalive_time, duration),
    E6_PARSED("keepalive_timeout", channel.keepalive_timeout, duration),
    E6_PARSED("liveness_interval", channel.liveness_interval, duration),
    E6_PARSED("liveness_timeout", channel.liveness_timeout, duration),
    E6_PARSED("max_retry_attempts", max_retry_attempts, whole),
    E6_PARSED("operation_timeout", operation_timeout, duration),
    E6_PARSED("prepare_timeout", prepare_timeout, duration),
    E6_PARSED("reexecute_lost_queries", reexecute_lost_queries, truth),
    E6_PARSED("resume_poll", resume_poll, duration),
    E6_PARSED("resume_timeout", resume_timeout, duration),
    E6_PARSED("retry_backoff", retry_backoff, duration),
    E6_PARSED("secure", tls.enabled, truth),
    E6_PARSED("share", shared.share, truth),
    E6_TEXT("shared_directory", shared.directory),
    E6_TEXT("shared_group", shared.group),
    E6_PARSED("shared_required", shared.required, truth),
    E6_TEXT("tls_certificate_file", tls.certificate_file),
    E6_TEXT("tls_key_file", tls.key_file),
    E6_TEXT("tls_roots_file", tls.roots_file),
    E6_TEXT("tls_server_name", tls.server_name),
};
#undef E6_TEXT
#undef E6_PARSED

void read_parameters(std::string_view query, std::set<std::string>& seen, ConnectionOptions& options) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    const std::string name = decoded(one.substr(0, equals), "name of a parameter");
    const auto* const known = std::find_if(kParameters.begin(), kParameters.end(),
                                           [&](const Parameter& each) { return each.name == name; });
    if (known == kParameters.end()) {
      std::string names;
      for (const Parameter& each : kParameters) names += (names.empty() ? "" : ", ") + std::string(each.name);
      refuse("there is no parameter " + quoted(name) + "; use " + names);
    }
    if (equals == std::string_view::npos) refuse("parameter " + name + " has no value; write " + name + "=...");
    if (!seen.insert(name).second) refuse("parameter " + name + " is given twice (the path counts); remove one");
    known->set(options, name, decoded(one.substr(equals + 1), "value of parameter " + name));
  }
}

void read_user(std::string_view text, ConnectionOptions& options) {
  const std::size_t colon = text.find(':');
  options.user = decoded(text.substr(0, colon), "user");
  if (colon != std::string_view::npos) options.password = decoded(text.substr(colon + 1), "token");
}

void read_host(std::string_view text, ConnectionOptions& options) {
  std::string_view host = text.substr(0, text.rfind(':'));
  std::string_view port = text.rfind(':') == std::string_view::npos ? std::string_view() : text.substr(text.rfind(':') + 1);
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) refuse("host " + quoted(text) + " has a '[' without a ']'; write [address]:port");
    host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') refuse("after ']' of the host stands " + quoted(rest) + "; write [address]:port");
    port = rest.empty() ? rest : rest.substr(1);
    const bool address = host.find(':') != std::string_view::npos &&
                         host.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos;
    if (!address) refuse("host " + quoted(host) + " in brackets is no IPv6 address");
  } else if (host.find(':') != std::string_view::npos) {
    refuse("host " + quoted(text) + " has several colons; write an IPv6 address in brackets: [address]:port");
  }
  options.host = decoded(host, "host");
  if (port.empty()) {
    if (text.ends_with(':')) refuse("the port after host " + quoted(host) + " is empty; write host:port");
    return;
  }
  const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  if (failure != std::errc{} || end != port.data() + port.size() || options.port < 1 || options.port > 65535)
    refuse("the port is " + quoted(port) + "; it must be from 1 to 65535");
}

void read_path(std::string_view path, std::set<std::string>& seen, ConnectionOptions& options) {
  if (path.empty() || path == "/") return;
  path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || path.find('/', slash + 1) != std::string_view::npos)
    refuse("the path is " + quoted(path) + "; write /catalog/database, or ?database=... without a catalog");
  options.catalog = decoded(path.substr(0, slash), "catalog");
  options.database = decoded(path.substr(slash + 1), "database");
  seen.insert("catalog");
  seen.insert("database");
}

}  // namespace

void overlay_url(std::string_view url, ConnectionOptions& options) {
  constexpr std::string_view kScheme = "e6data://";
  if (!url.starts_with(kScheme)) refuse("it does not begin with e6data://; write e6data://user:token@host:port/catalog/database");
  url.remove_prefix(kScheme.size());

  const std::size_t authority_end = std::min(url.find_first_of("/?#"), url.size());
  const std::size_t at = url.rfind('@');
  if (at != std::string_view::npos && at > authority_end) {
    // A '/', '?' or '#' in a token that was not encoded ends the authority too early; what follows is secret too.
    refuse("there is an '@' after the host; write / ? # @ in user, token and parameters as %2F %3F %23 %40");
  }
  std::string_view authority = url.substr(0, authority_end);
  if (at != std::string_view::npos) {
    read_user(authority.substr(0, at), options);
    authority.remove_prefix(at + 1);
  }
  if (!authority.empty()) read_host(authority, options);
  url.remove_prefix(authority_end);

  if (url.find('#') != std::string_view::npos) refuse("it has a '#'; write it as %23");
  const std::size_t question = std::min(url.find('?'), url.size());
  std::set<std::string> seen;
  read_path(url.substr(0, question), seen, options);
  if (question < url.size()) read_parameters(url.substr(question + 1), seen, options);
}

ConnectionOptions ConnectionOptions::from_url(std::string_view url) {
  ConnectionOptions options = from_environment();
  overlay_url(url, options);
  return options;
}

}  // namespace e6::client
