// Whatever the bytes are, they are decoded or refused: seeded mutations of good batches, and every value of what could
// be decoded is read. What AddressSanitizer and UndefinedBehaviorSanitizer see here, they report.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/result_metadata.h"
#include "try_to_decode.h"

namespace e6::client {
namespace {

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  std::ifstream file(E6_RESULTS_JSON);
  const nlohmann::json everything = nlohmann::json::parse(file);
  for (const auto& one : everything["cases"]) {
    const std::string hex = one["hex"];
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    all.push_back(bytes);
  }
  sim::Query query;
  query.id = "q";
  query.colour = sim::Colour::kBlue;
  query.hints.columns = 18;
  all.push_back(sim::encode_batch(query, 0, 4));
  all.push_back(sim::encode_metadata(query));
  return all;
}

std::string mutated(std::string bytes, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  for (std::size_t times = 1 + below(4); times > 0 && !bytes.empty(); --times) {
    const std::size_t at = below(bytes.size());
    switch (below(6)) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes.erase(at, 1 + below(8));
        break;
      case 3:
        bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(16)));
        break;
      case 4:
        for (std::size_t i = at; i < std::min(at + 4, bytes.size()); ++i) bytes[i] = '\xff';
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

TEST(Mutations, any_bytes_are_decoded_or_refused) {
  std::mt19937_64 random(20'260'212);
  const std::vector<std::string> good = seeds();
  constexpr int kTries = 30'000;
  int decoded = 0;
  int refused = 0;
  std::size_t read = 0;
  for (int i = 0; i < kTries; ++i) {
    const std::string bytes = mutated(good[static_cast<std::size_t>(i) % good.size()], random);
    const Tried tried = try_to_decode(bytes);
    decoded += tried.decoded ? 1 : 0;
    refused += tried.refused ? 1 : 0;
    read += tried.read;
  }
  // Both happen often, or the mutations test nothing.
  EXPECT_GT(decoded, kTries / 20);
  EXPECT_GT(refused, kTries / 4);
  EXPECT_GT(read, 0U);
}

}  // namespace
}  // namespace e6::client
