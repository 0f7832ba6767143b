// What must not be seen, taken out of foreign text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace e6::client {

/// The text with "***" in the place of each secret. A secret is found as it is, with its ASCII
/// letters in either case, and percent-encoded in whole or in part (a space also as '+'). One of
/// less than four characters is taken out only where no letter or digit stands beside it, or a
/// message would be unreadable. What overlaps goes together. Empty secrets are none.
[[nodiscard]] std::string redact(std::string_view text,
                                 const std::vector<std::string_view>& secrets);

}  // namespace e6::client
