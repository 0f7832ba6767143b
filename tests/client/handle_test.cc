#include <gtest/gtest.h>

#include "e6/client/cursor.h"

namespace e6::client {
namespace {

TEST(Handle, survives_the_way_through_text_whatever_bytes_it_holds) {
  const QueryHandle handle{"q:1\n\xff", std::string("s\0:e", 4)};
  const std::string text = handle.serialise();
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const auto back = QueryHandle::parse(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->query_id, handle.query_id);
  EXPECT_EQ(back->session_id, handle.session_id);
}

TEST(Handle, refuses_what_is_no_handle) {
  for (const char* text : {"", ":", "e6q1", "e6q1:", "e6q1::", "e6q1:61", "e6q1:61:", "e6q1:6:61",
                           "e6q1:zz:61", "e6q2:61:61", "e6q1:61:6g"}) {
    EXPECT_FALSE(QueryHandle::parse(text)) << text;
  }
  EXPECT_FALSE(QueryHandle::parse("e6q1:61:" + std::string(20000, '6')));
}

}  // namespace
}  // namespace e6::client
