// What the copies of a batch share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "e6/client/column.h"
#include "e6/client/result.h"

namespace e6::client {

struct BatchContents {
  std::string bytes;  // the columns point into it, so it stays where it is
  ResultMetadata metadata;
  std::size_t rows = 0;
  std::vector<Column> columns;
};

}  // namespace e6::client
