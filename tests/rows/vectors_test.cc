// The byte strings of results.json, and what they mean.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "e6/client/error.h"
#include "e6/client/result.h"

namespace e6::client {
namespace {

using nlohmann::json;

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::vector<json> cases(const std::string& kind) {
  std::ifstream file(E6_RESULTS_JSON);
  std::vector<json> found;
  const json everything = json::parse(file);
  for (const json& one : everything["cases"])
    if (one["kind"] == kind) found.push_back(one);
  return found;
}

// As the file has it: "2023-11-15T03:43:20.123+05:30", cut to milliseconds.
std::string in_milliseconds(const Timestamp& time) {
  const std::string text = time.to_string();
  const std::size_t seconds = text.find(':', text.find('T') + 4) + 3;
  const std::size_t zone = text.find_first_of("+-", seconds);
  return text.substr(0, seconds) + (text.substr(seconds, zone - seconds) + (zone == seconds ? ".000" : "")).substr(0, 4) +
         text.substr(zone);
}

void expect_double(double actual, const std::string& text) {
  if (text == "nan") {
    EXPECT_TRUE(std::isnan(actual));
  } else {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(actual), std::bit_cast<std::uint64_t>(std::stod(text))) << text;
  }
}

void expect_cell(const Cell& cell, const json& meaning) {
  if (meaning.is_null()) {
    EXPECT_TRUE(cell.is_null());
    EXPECT_EQ(cell.get<std::string>(), std::nullopt);
    return;
  }
  ASSERT_FALSE(cell.is_null()) << meaning;
  if (meaning.is_boolean()) {
    EXPECT_EQ(cell.value<bool>(), meaning.get<bool>());
  } else if (meaning.is_number_integer()) {
    EXPECT_EQ(cell.value<std::int64_t>(), meaning.get<std::int64_t>());
  } else if (meaning.is_object() && meaning.contains("double")) {
    expect_double(cell.value<double>(), meaning["double"]);
  } else if (meaning.is_object() && meaning.contains("decimal")) {
    const std::string text = meaning["decimal"];
    EXPECT_EQ(cell.value<Decimal>(), Decimal::parse(text)) << text;
    EXPECT_EQ(Decimal::parse(cell.to_string()), Decimal::parse(text)) << cell.to_string();
  } else if (meaning.is_object() && meaning.contains("bytes")) {
    EXPECT_EQ(cell.value<std::string>(), from_hex(meaning["bytes"]));
    EXPECT_EQ(cell.to_string(), "0x" + meaning["bytes"].get<std::string>());
  } else if (cell.type() == Type::kDate) {
    EXPECT_EQ(cell.value<Date>().to_string(), meaning.get<std::string>());
  } else if (cell.type() == Type::kDatetime || cell.type() == Type::kTimestampTz) {
    EXPECT_EQ(in_milliseconds(cell.value<Timestamp>()), meaning.get<std::string>());
  } else {
    EXPECT_EQ(cell.value<std::string_view>(), meaning.get<std::string>());
  }
}

void expect_rows(const ResultBatch& batch, const json& rows, std::size_t columns) {
  ASSERT_EQ(batch.size(), rows.size());
  std::size_t index = 0;
  for (const Row row : batch) {
    ASSERT_EQ(row.size(), columns);
    ASSERT_EQ(rows[index].size(), columns);
    for (std::size_t i = 0; i < columns; ++i) {
      SCOPED_TRACE("row " + std::to_string(index) + ", column " + std::to_string(i));
      expect_cell(row[i], rows[index][i]);
    }
    ++index;
  }
}

TEST(ResultVectors, every_batch_means_what_stands_beside_it) {
  const std::vector<json> all = cases("chunk");
  ASSERT_EQ(all.size(), 37U);
  for (const json& one : all) {
    SCOPED_TRACE(one["name"].get<std::string>());
    const std::string bytes = from_hex(one["hex"]);
    const std::size_t columns = one["columns"];
    const ResultMetadata metadata(0, std::vector<ResultColumn>(columns));
    if (one.contains("error")) {
      EXPECT_THROW(static_cast<void>(decode_batch(bytes, metadata)), DecodeError);
      continue;
    }
    const OptionalBatch batch = decode_batch(bytes, metadata);
    if (one["rows"].is_null()) {
      EXPECT_FALSE(batch.has_value());
    } else {
      ASSERT_TRUE(batch.has_value());
      EXPECT_EQ(batch->bytes(), bytes);
      expect_rows(*batch, one["rows"], columns);
    }
  }
}

TEST(ResultVectors, all_metadata_means_what_stands_beside_it) {
  const std::vector<json> all = cases("metadata");
  ASSERT_GE(all.size(), 6U);
  for (const json& one : all) {
    SCOPED_TRACE(one["name"].get<std::string>());
    const std::string bytes = from_hex(one["hex"]);
    if (one.contains("error")) {
      EXPECT_THROW(static_cast<void>(decode_metadata(bytes)), DecodeError);
      continue;
    }
    const ResultMetadata metadata = decode_metadata(bytes);
    EXPECT_EQ(metadata.row_count(), one["row_count"].get<std::int64_t>());
    ASSERT_EQ(metadata.columns().size(), one["fields"].size());
    for (std::size_t i = 0; i < metadata.columns().size(); ++i) {
      const json& field = one["fields"][i];
      EXPECT_EQ(metadata.columns()[i],
                (ResultColumn{field["name"], field["type"], field["zone"], field["format"]}));
    }
  }
}

}  // namespace
}  // namespace e6::client
