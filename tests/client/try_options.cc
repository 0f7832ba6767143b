#include "try_options.h"

#include <stdlib.h>

#include <stdexcept>
#include <string>

#include "e6/client/error.h"
#include "e6/client/options.h"
#include "metadata_value.h"
#include "text/one_line.h"
#include "text/utf8.h"

namespace e6::client::test {
namespace {

// Takes a byte off the front; 0 at the end.
unsigned next(std::string_view& bytes) {
  if (bytes.empty()) return 0;
  const auto byte = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

ConnectionOptions by_environment(const std::string& value) {
  constexpr const char* kNames[] = {"E6_SHM_URL",
                                    "E6DATA_LOG_LEVEL",
                                    "E6DATA_MAX_RETRY_ATTEMPTS",
                                    "E6DATA_RETRY_BACKOFF_FACTOR",
                                    "E6_SHM_DIR",
                                    "E6_SHM_GROUP",
                                    "E6_SHM_POLICY",
                                    "E6DATA_STRATEGY_CACHE_TIMEOUT"};
  const char* const name = kNames[value.size() % std::size(kNames)];
  struct Unset {
    const char* name;
    ~Unset() { ::unsetenv(name); }
  };
  const Unset at_the_end{name};
  ::setenv(name, value.c_str(), 1);
  ConnectionOptions options = ConnectionOptions::from_environment();
  if (options.host.empty()) options.host = "h";
  return options;
}

ConnectionOptions in_code(std::string_view bytes) {
  ConnectionOptions options;
  options.host = "h";
  std::string* const fields[] = {&options.cluster_name,
                                 &options.host,
                                 &options.user,
                                 &options.password,
                                 &options.catalog,
                                 &options.database,
                                 &options.tls.server_name,
                                 &options.impersonated_user,
                                 &options.tls.roots_file,
                                 &options.shared.cluster,
                                 &options.tls.roots_pem};
  std::string* const field = fields[next(bytes) % std::size(fields)];
  *field = bytes;
  options.tls.enabled = true;
  return options;
}

void demand(bool holds, const char* what) {
  if (!holds) throw std::logic_error(std::string("options were taken with ") + what);
}

void demand_utf8(const std::string& text, const char* what) {
  demand(first_not_utf8(text) == std::string::npos, what);
}

}  // namespace

Tried try_options(std::string_view bytes) {
  try {
    const unsigned way = next(bytes) % 4;
    ConnectionOptions options = way == 0 ? ConnectionOptions::from_url(bytes)
                                : way == 1
                                    ? ConnectionOptions::from_url("e6data://" + std::string(bytes))
                                : way == 2 ? by_environment(std::string(bytes))
                                           : in_code(bytes);
    if (options.port == 0) options.port = 1;
    if (options.user.empty()) options.user = "u";
    if (options.password.empty()) options.password = "p";
    options.validate();
    demand(first_not_metadata(options.cluster_name) == std::string::npos,
           "a cluster name that no header can carry");
    demand(first_not_metadata(options.target()) == std::string::npos,
           "a target that no header can carry");
    demand(options.target().find_first_of(" /?#@\\") == std::string::npos,
           "a target that is no host and port");
    demand(first_not_metadata(options.tls.server_name) == std::string::npos,
           "a server name that no header can carry");
    for (const std::string* text : {&options.user, &options.password, &options.impersonated_user,
                                    &options.catalog, &options.database})
      demand_utf8(*text, "a text that is not UTF-8");
    return Tried::kTaken;
  } catch (const OptionError& error) {
    if (one_line(error.what()) != error.what())
      throw std::logic_error("an error of more than one line");
    return Tried::kRefused;
  }
}

}  // namespace e6::client::test
