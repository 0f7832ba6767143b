// An engine that answers calls well and sends results that make no sense.
#include <optional>
#include <string>
#include <string_view>

#include "raw_engine.h"
#include "scene.h"

namespace e6::client::test {
namespace {

// One column "a" of type LONG, no rows promised.
std::string metadata_of_one_column() {
  std::string bytes(8, '\0');
  bytes += std::string("\0\0\0\1", 4);
  for (const std::string_view text : {"a", "LONG", "", ""}) {
    bytes += '\0';
    bytes += static_cast<char>(text.size());
    bytes += text;
  }
  return bytes;
}

class MalformedTest : public ::testing::Test {
 protected:
  std::string metadata_ = metadata_of_one_column();
  std::string batch_;
  SegmentDirectory directory_;
  RawEngine engine_{[this](const RawCall& call) {
    const std::string method = call.path.substr(call.path.rfind('/') + 1);
    Wire wire;
    if (method == "authenticate") wire.text(1, "session-17");
    if (method == "prepareStatementV2") wire.text(1, "7.7.7.7").text(2, "query-9").text(3, "session-17");
    if (method == "getResultMetadata") wire.text(1, metadata_);
    if (method == "getNextResultBatch") wire.text(2, batch_);
    return RawEngine::Answer{0, "", wire};
  }};
  Connection connection_{options_for(engine_.target(), directory_)};

  // What reading the first batch throws.
  std::optional<DecodeError> error_of(const std::string& call) {
    Cursor cursor = connection_.cursor();
    cursor.execute("select 1");
    try {
      (void)cursor.fetch();
    } catch (const DecodeError& error) {
      EXPECT_EQ(error.context().call, call);
      EXPECT_EQ(error.context().query_id, "query-9");
      EXPECT_EQ(error.context().strategy, Strategy::kBlue);
      EXPECT_NE(std::string(error.what()).find("query query-9 on blue: "), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find("session-17"), std::string::npos) << error.what();
      EXPECT_NO_THROW(cursor.clear());
      EXPECT_EQ(connection_.coordinator().in_flight(), 0U);
      return error;
    }
    return std::nullopt;
  }
};

TEST_F(MalformedTest, a_batch_that_makes_no_sense_is_a_decode_error_that_names_its_query) {
  const std::string longer_than_it_is("\x08\0\1\0\0\0\5\x0f\0\2\x0c\x7f\xff\xff\xff", 15);  // 5 rows, 2^31 - 1 vectors
  for (const std::string& batch : {std::string("\x0b\x0b\x0b\x0b"), longer_than_it_is, std::string(300, '\xff'),
                                   std::string("\x08\0\1\0\0\0\5\0", 8)}) {
    batch_ = batch;
    EXPECT_TRUE(error_of("getNextResultBatch")) << batch.size() << " bytes";
  }
}

TEST_F(MalformedTest, metadata_that_make_no_sense_are_a_decode_error_that_names_their_query) {
  for (const std::string& metadata : {std::string("vmeta"), std::string(), std::string(40, '\x7f'), metadata_.substr(0, metadata_.size() - 1)}) {
    metadata_ = metadata;
    EXPECT_TRUE(error_of("getResultMetadata")) << metadata.size() << " bytes";
  }
}

TEST_F(MalformedTest, a_connection_goes_on_after_a_batch_that_made_no_sense) {
  batch_ = std::string(300, '\xff');
  EXPECT_TRUE(error_of("getNextResultBatch"));
  batch_.clear();
  Cursor cursor = connection_.cursor();
  cursor.execute("select 1");
  EXPECT_FALSE(cursor.fetch());
  EXPECT_EQ(connection_.statistics().authentications, 1U);
}

}  // namespace
}  // namespace e6::client::test
