#include "try_to_decode.h"

#include <algorithm>

#include "e6/client/error.h"
#include "e6/client/result.h"

namespace e6::client {
namespace {

template <class T>
void read_as(const Cell& cell) {
  try {
    static_cast<void>(cell.get<T>());
  } catch (const ConversionError&) {
  }
}

std::size_t read_all(const ResultBatch& batch) {
  constexpr std::size_t kRows = 4;
  constexpr std::size_t kColumns = 32;
  std::size_t read = 0;
  const std::size_t rows = std::min(batch.size(), kRows);
  for (const std::size_t first : {std::size_t{0}, batch.size() - rows}) {
    for (std::size_t row = first; row < first + rows; ++row) {
      for (std::size_t i = 0; i < std::min(batch.columns().size(), kColumns); ++i) {
        const Cell cell = batch[row][i];
        read += cell.to_string().size();
        read_as<int>(cell);
        read_as<double>(cell);
        read_as<std::string>(cell);
        read_as<Decimal>(cell);
        read_as<Timestamp>(cell);
      }
    }
  }
  return read;
}

}  // namespace

Tried try_to_decode(const std::string& bytes) {
  Tried tried;
  try {
    if (const auto batch = decode_batch(bytes)) {
      tried.decoded = true;
      tried.read = read_all(*batch);
    }
  } catch (const DecodeError&) {
    tried.refused = true;
  }
  try {
    static_cast<void>(decode_metadata(bytes));
  } catch (const DecodeError&) {
  }
  return tried;
}

}  // namespace e6::client
