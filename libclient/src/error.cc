#include "e6/client/error.h"

#include <utility>

#include "text/one_line.h"

namespace e6::client {

Error::Error(const std::string& sentence, ErrorContext context)
    : std::runtime_error(one_line(sentence)),
      context_(std::make_shared<const ErrorContext>(std::move(context))) {}

Error::~Error() = default;

}  // namespace e6::client
