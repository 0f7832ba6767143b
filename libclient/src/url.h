// Options from a URL, over options that are there already.
#pragma once

#include <string_view>

#include "e6/client/options.h"

namespace e6::client {

/// Sets in `options` what the URL says and leaves the rest. Throws as ConnectionOptions::from_url.
void overlay_url(std::string_view url, ConnectionOptions& options);

}  // namespace e6::client
