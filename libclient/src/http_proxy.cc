#include "http_proxy.h"

#include <algorithm>
#include <cstdlib>

namespace e6::client {
namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool ends_like(std::string_view host, std::string_view entry) noexcept {
  return host.size() >= entry.size() &&
         std::equal(entry.rbegin(), entry.rend(), host.rbegin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

bool exempt(std::string_view host) {
  const char* list = std::getenv("no_grpc_proxy");
  if (list == nullptr) list = std::getenv("no_proxy");
  for (std::string_view rest = list != nullptr ? list : ""; !rest.empty();) {
    const std::string_view entry = rest.substr(0, rest.find(','));
    if (!entry.empty() && ends_like(host, entry)) return true;
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
  }
  return false;
}

}  // namespace

std::optional<HttpProxy> http_proxy_for(std::string_view host) {
  constexpr std::string_view kScheme = "http://";
  for (const char* variable : {"grpc_proxy", "https_proxy", "http_proxy"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr) continue;
    std::string_view authority(value);
    if (!authority.starts_with(kScheme) || exempt(host)) return std::nullopt;
    authority.remove_prefix(kScheme.size());
    authority = authority.substr(0, authority.find_first_of("/?#"));
    if (std::count(authority.begin(), authority.end(), '@') > 1) return std::nullopt;
    authority.remove_prefix(std::min(authority.size(), authority.find('@') + 1));  // npos + 1 is 0
    const bool printable =
        std::all_of(authority.begin(), authority.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (authority.empty() || !printable) return std::nullopt;
    return HttpProxy{variable, std::string(authority)};
  }
  return std::nullopt;
}

}  // namespace e6::client
