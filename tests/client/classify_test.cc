#include "classify.h"

#include <gtest/gtest.h>

namespace e6::client {
namespace {

TEST(Classify, recognises_a_456_under_any_code_and_wording) {
  for (const int code : {1, 2, 3, 4, 9, 13, 14, 16}) {
    EXPECT_EQ(classify(code, "Received http2 header with status: 456"), Meaning::kWrongStrategy) << code;
  }
  for (const char* words :
       {"Wrong strategy. Status: 456, the active one is blue", "HTTP STATUS=456", "status 456", "status:456",
        "x status - 456.", "http status code 456", "status: 12 status: 456", "(STATUS:\t456)"}) {
    EXPECT_EQ(classify(2, words), Meaning::kWrongStrategy) << words;
  }
}

TEST(Classify, takes_no_other_number_and_no_missing_details_for_a_456) {
  for (const char* words :
       {"", "status: 4560", "status: 0456", "status: 1456", "status: 45", "456", "error 456 status",
        "statu: 456", "status", "status:", "status: 456x", "status of 456", "code 456", "status: 4 56"}) {
    EXPECT_NE(classify(2, words), Meaning::kWrongStrategy) << words;
  }
}

TEST(Classify, never_reads_a_success_as_a_refusal) {
  EXPECT_EQ(classify(0, "status: 456"), Meaning::kOk);
}

TEST(Classify, tells_a_suspended_cluster_from_one_that_cannot_be_reached) {
  EXPECT_EQ(classify(14, "Received http2 header with status: 503"), Meaning::kSuspended);
  EXPECT_EQ(classify(14, "Received http2 header with status: 502"), Meaning::kUnavailable);
  EXPECT_EQ(classify(14, "failed to connect to all addresses"), Meaning::kUnavailable);
  EXPECT_EQ(classify(13, "status: 503"), Meaning::kOther);
}

TEST(Classify, takes_access_denied_only_as_internal_or_unauthenticated) {
  EXPECT_EQ(classify(13, "Access denied"), Meaning::kAccessDenied);
  EXPECT_EQ(classify(13, "error: ACCESS DENIED for session"), Meaning::kAccessDenied);
  EXPECT_EQ(classify(16, ""), Meaning::kAccessDenied);
  EXPECT_EQ(classify(13, "division by zero"), Meaning::kOther);
  EXPECT_EQ(classify(3, "Access denied"), Meaning::kOther);
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
