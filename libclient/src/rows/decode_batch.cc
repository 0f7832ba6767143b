// A batch is one Thrift struct `Chunk` without a message's head: 1 i32 rows, 2 list of Vector. What follows is
// ignored, and so are unknown fields.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "e6/client/error.h"
#include "e6/client/result.h"
#include "rows/batch_contents.h"
#include "rows/chunk_reader.h"
#include "rows/column_builder.h"
#include "rows/malformed.h"
#include "rows/vector_reader.h"

namespace e6::client {

namespace thrift = apache::thrift::protocol;

class BatchDecoder {
 public:
  /// As many columns as `columns` says, or as the batch has.
  static std::optional<ResultBatch> decode(std::string bytes, const ResultMetadata& metadata,
                                           std::optional<std::size_t> columns);

 private:
  explicit BatchDecoder(std::optional<std::size_t> columns) noexcept : columns_(columns) {}
  void read(ChunkReader& in);
  void read_vectors(ChunkReader& in);
  void build(BatchContents& batch);

  std::optional<std::size_t> columns_;
  std::optional<std::int32_t> rows_;
  std::vector<RawVector> vectors_;
};

std::optional<ResultBatch> BatchDecoder::decode(std::string bytes, const ResultMetadata& metadata,
                                                std::optional<std::size_t> columns) {
  if (bytes.empty()) return std::nullopt;
  auto batch = std::make_shared<BatchContents>();
  batch->bytes = std::move(bytes);
  batch->metadata = metadata;
  std::optional<ChunkReader> in;
  try {
    in.emplace(batch->bytes);
    BatchDecoder decoder(columns);
    decoder.read(*in);
    if (*decoder.rows_ <= 0) return std::nullopt;
    decoder.build(*batch);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& problem) {  // Malformed, or Thrift's word for the end of the bytes
    throw DecodeError("the result batch of " + std::to_string(batch->bytes.size()) + " bytes is malformed at byte " +
                      std::to_string(in ? in->position() : 0) + ": " + problem.what());
  }
  return ResultBatch(std::move(batch));
}

void BatchDecoder::read(ChunkReader& in) {
  for (FieldHead head = in.field(); head.type != thrift::T_STOP; head = in.field()) {
    if (head.is(thrift::T_I32, 1)) {
      rows_ = in.i32();
    } else if (head.is(thrift::T_LIST, 2) && rows_.value_or(1) > 0) {
      read_vectors(in);
    } else {
      in.skip(head.type);
    }
  }
  if (!rows_) throw Malformed("a chunk that does not say how many rows it has");
}

void BatchDecoder::read_vectors(ChunkReader& in) {
  const ListHead list = in.list();
  if (list.count > 0 && list.element != thrift::T_STRUCT) throw Malformed("vectors that are no structs");
  const std::size_t wanted = std::min(list.count, columns_.value_or(list.count));
  vectors_.clear();
  for (std::size_t i = 0; i < wanted; ++i) vectors_.push_back(read_vector(in));
  for (std::size_t i = wanted; i < list.count; ++i) in.skip(thrift::T_STRUCT);
}

void BatchDecoder::build(BatchContents& batch) {
  if (columns_ && vectors_.size() < *columns_) {
    throw Malformed(std::to_string(vectors_.size()) + " vectors for " + std::to_string(*columns_) + " columns");
  }
  batch.rows = static_cast<std::size_t>(*rows_);
  batch.columns.reserve(vectors_.size());
  for (std::size_t i = 0; i < vectors_.size(); ++i) {
    const std::string_view name = columns_ ? std::string_view(batch.metadata.columns()[i].name) : std::string_view();
    try {
      batch.columns.push_back(ColumnBuilder::build(std::move(vectors_[i]), batch.rows, name));
    } catch (const Malformed& problem) {
      throw Malformed(std::string(problem.what()) + " (column " + std::to_string(i) +
                      (name.empty() ? ")" : ", '" + std::string(name) + "')"));
    }
  }
}

OptionalBatch decode_batch(std::string bytes, const ResultMetadata& metadata) {
  return BatchDecoder::decode(std::move(bytes), metadata, metadata.columns().size());
}

OptionalBatch decode_batch(std::string bytes) {
  return BatchDecoder::decode(std::move(bytes), ResultMetadata(), std::nullopt);
}

}  // namespace e6::client
