#include "classify.h"

#include <gtest/gtest.h>

#include <ostream>

namespace e6::client {

inline bool operator==(const Classification& a, const Classification& b) {
  return a.meaning == b.meaning && a.doubtful == b.doubtful;
}
inline void PrintTo(const Classification& found, std::ostream* out) {
  *out << "meaning " << static_cast<int>(found.meaning) << (found.doubtful ? ", doubtful" : "");
}

namespace {

constexpr Classification kCertain456{Meaning::kWrongStrategy, false};
constexpr Classification kDoubtful456{Meaning::kWrongStrategy, true};

TEST(Classify, is_certain_of_a_456_only_where_the_whole_text_is_a_known_form) {
  for (const char* words :
       {"Received http2 header with status: 456", "received HTTP2 header with status: 456.",
        " Received http2 header with status: 456\n", "status: 456", "Status: 456."}) {
    EXPECT_EQ(classify(2, words), kCertain456) << words;
  }
  for (const int code : {1, 2, 3, 4, 9, 13, 14, 16})
    EXPECT_EQ(classify(code, "status: 456"), kCertain456) << code;
  EXPECT_EQ(classify(13, "Received http2 header with status: 456"), kDoubtful456);
}

TEST(Classify, doubts_a_456_that_stands_in_a_longer_text_and_an_unknown_error_without_any) {
  for (const char* words :
       {"Wrong strategy. Status: 456, the active one is blue", "HTTP STATUS=456", "status 456",
        "status:456", "x status - 456.", "http status code 456", "status: 12 status: 456",
        "(STATUS:\t456)", "", " \n"}) {
    EXPECT_EQ(classify(2, words), kDoubtful456) << words;
  }
}

TEST(Classify, takes_no_other_number_for_a_456) {
  for (const char* words :
       {"status: 4560", "status: 0456", "status: 1456", "status: 45", "456", "error 456 status",
        "statu: 456", "status", "status:", "status: 456x", "status of 456", "code 456", "status: 4 56"}) {
    EXPECT_EQ(classify(2, words).meaning, Meaning::kOther) << words;
  }
}

TEST(Classify, never_reads_a_success_as_a_refusal) {
  EXPECT_EQ(classify(0, "status: 456").meaning, Meaning::kOk);
  EXPECT_EQ(classify_believed(0, "status: 456"), Meaning::kOk);
}

TEST(Classify, tells_a_suspended_cluster_from_one_that_cannot_be_reached) {
  EXPECT_EQ(classify(14, "Received http2 header with status: 503"),
            (Classification{Meaning::kSuspended, false}));
  EXPECT_EQ(classify(14, "status: 503"), (Classification{Meaning::kSuspended, false}));
  EXPECT_EQ(classify(14, "S3 answered status: 503 Slow Down"),
            (Classification{Meaning::kSuspended, true}));
  EXPECT_EQ(classify(14, "Received http2 header with status: 502").meaning, Meaning::kUnavailable);
  EXPECT_EQ(classify(14, "failed to connect to all addresses").meaning, Meaning::kUnavailable);
  EXPECT_EQ(classify(13, "status: 503").meaning, Meaning::kOther);
}

TEST(Classify, takes_access_denied_only_as_internal_or_unauthenticated) {
  EXPECT_EQ(classify(13, "Access denied"), (Classification{Meaning::kAccessDenied, false}));
  EXPECT_EQ(classify(13, "access denied."), (Classification{Meaning::kAccessDenied, false}));
  EXPECT_EQ(classify(13, "error: ACCESS DENIED for session"),
            (Classification{Meaning::kAccessDenied, true}));
  EXPECT_EQ(classify(16, ""), (Classification{Meaning::kAccessDenied, false}));
  EXPECT_EQ(classify(16, "token expired, status: 456"),
            (Classification{Meaning::kAccessDenied, false}));
  EXPECT_EQ(classify(13, "division by zero").meaning, Meaning::kOther);
  EXPECT_EQ(classify(3, "Access denied").meaning, Meaning::kOther);
}

TEST(Classify, believes_both_grades_where_no_statement_can_be_quoted) {
  EXPECT_EQ(classify_believed(3, "Wrong strategy. Status: 456, the active one is blue"),
            Meaning::kWrongStrategy);
  EXPECT_EQ(classify_believed(2, ""), Meaning::kWrongStrategy);
  EXPECT_EQ(classify_believed(16, "Wrong strategy. Status: 456"), Meaning::kWrongStrategy);
  EXPECT_EQ(classify_believed(14, "the ingress said: status 503"), Meaning::kSuspended);
}

TEST(Classify, knows_the_words_of_a_stream_that_broke) {
  EXPECT_TRUE(transport_broke(1, "CANCELLED"));
  EXPECT_TRUE(transport_broke(14, "Broken pipe"));
  EXPECT_TRUE(transport_broke(14, "GOAWAY received; Error code: 0"));
  EXPECT_TRUE(transport_broke(14, "Too many pings"));
  EXPECT_TRUE(transport_broke(14, "keepalive watchdog timeout"));
  EXPECT_TRUE(transport_broke(14, "recvmsg:Connection timed out"));
  EXPECT_FALSE(transport_broke(1, "query 7 was cancelled by an administrator"));
  EXPECT_FALSE(transport_broke(1, "Cancelled by an administrator"));
  EXPECT_FALSE(transport_broke(14, "no planner is free"));
  EXPECT_TRUE(transport_broke(13, "Received RST_STREAM with error code 2"));
  EXPECT_TRUE(transport_broke(2, "Stream removed"));
  EXPECT_FALSE(transport_broke(13, "division by zero"));
  EXPECT_TRUE(worth_another_try(8, "too many requests"));
  EXPECT_FALSE(worth_another_try(7, "no"));
}

TEST(Classify, knows_what_surely_never_left_the_machine) {
  EXPECT_TRUE(
      surely_unsent(14, "failed to connect to all addresses; last error: UNKNOWN: Connection refused"));
  EXPECT_TRUE(surely_unsent(14, "DNS resolution failed for x"));
  EXPECT_FALSE(surely_unsent(14, "Socket closed"));
  EXPECT_FALSE(surely_unsent(14, ""));
  EXPECT_FALSE(surely_unsent(2, "failed to connect to all addresses"));
}

}  // namespace
}  // namespace e6::client
