// What set_properties was given, and the sessions that come later.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "properties.h"
#include "raw_engine.h"
#include "scene.h"

namespace e6::client::test {
namespace {

/// The properties that later sessions are given: what a test sets, then a new session, then what
/// arrives.
class PropertiesTest : public Scene {
 protected:
  PropertiesTest() : engine_([this](const RawCall& call) { return answer(call); }) {}
  [[nodiscard]] ConnectionOptions raw_options() const {
    return options_for(engine_.target(), directory_);
  }
  [[nodiscard]] static std::string text_of(const RawCall& call) {
    return call.request.substr(call.request.find('\x12') + 2);  // field 2, and a length of one byte
  }
  /// What a session of `connection` that begins now is given.
  std::vector<std::string> given_anew(Connection& connection) {
    connection.drop_user_context();
    (void)engine_.take();
    (void)connection.tables("s");
    std::vector<std::string> texts;
    for (const RawCall& call : engine_.take()) {
      if (call.path.ends_with("/setProps")) texts.push_back(text_of(call));
    }
    return texts;
  }

  RawEngine::Answer answer(const RawCall& call) {
    RawEngine::Answer answer;
    if (call.path.ends_with("/authenticate")) answer.response = Wire().text(1, "session");
    if (call.path.ends_with("/setProps") && !refused.empty() && text_of(call) == refused) {
      answer.code = refusal_code;
      answer.details = refusal;
      if (only_once) refused.clear();
    }
    return answer;
  }

  // Set between calls only.
  std::string refused;
  bool only_once = false;
  int refusal_code = 3;
  std::string refusal = "no such property";
  RawEngine engine_;
};

using Texts = std::vector<std::string>;

TEST_F(PropertiesTest, a_setting_takes_the_place_of_the_one_of_the_same_name) {
  Connection connection(raw_options());
  connection.set_properties(R"({"zone": "UTC", "cache": false})");
  connection.set_properties("limit=1");
  connection.set_properties(R"({"zone":"CET"})");
  connection.set_properties(" limit = 2 ");
  // The first text still has something to say: the cache. Order keeps what it says about the zone
  // from counting.
  EXPECT_EQ(given_anew(connection),
            (Texts{R"({"zone": "UTC", "cache": false})", R"({"zone":"CET"})", " limit = 2 "}));
  connection.set_properties(R"({"cache":true})");
  EXPECT_EQ(given_anew(connection),
            (Texts{R"({"zone":"CET"})", " limit = 2 ", R"({"cache":true})"}));
}

TEST_F(PropertiesTest, a_list_of_settings_stays_until_each_of_them_is_set_again) {
  Connection connection(raw_options());
  connection.set_properties("a=1;b=2\nc=3, d=4");
  for (const char* each : {"a=5", "b=5", "c=5"}) connection.set_properties(each);
  EXPECT_EQ(given_anew(connection), (Texts{"a=1;b=2\nc=3, d=4", "a=5", "b=5", "c=5"}));
  connection.set_properties("d=5");
  EXPECT_EQ(given_anew(connection), (Texts{"a=5", "b=5", "c=5", "d=5"}));
}

TEST_F(PropertiesTest, what_is_inside_a_setting_has_a_name_of_its_own) {
  Connection connection(raw_options());
  connection.set_properties(R"({"engine": {"cache": 1, "spill": 2}})");
  connection.set_properties(R"({"engine": {"cache": 3}})");
  EXPECT_EQ(given_anew(connection).size(), 2U);
  connection.set_properties(R"({"engine": {"spill": 4}})");
  EXPECT_EQ(given_anew(connection),
            (Texts{R"({"engine": {"cache": 3}})", R"({"engine": {"spill": 4}})"}));
}

TEST_F(PropertiesTest, a_text_in_a_format_of_the_engines_own_is_replaced_by_its_like_only) {
  Connection connection(raw_options());
  for (const char* each : {"fast", R"({"a":1)", "slow", "fast"}) connection.set_properties(each);
  EXPECT_EQ(given_anew(connection), (Texts{R"({"a":1)", "slow", "fast"}));
}

TEST_F(PropertiesTest, more_than_sixty_four_settings_are_all_given) {
  Connection connection(raw_options());
  for (int i = 0; i < 100; ++i) connection.set_properties("name" + std::to_string(i) + "=1");
  EXPECT_EQ(given_anew(connection).size(), 100U);
  for (int i = 0; i < 1000; ++i) connection.set_properties("counter=" + std::to_string(i));
  EXPECT_EQ(given_anew(connection).size(), 101U);
}

TEST_F(PropertiesTest,
       too_many_settings_are_refused_by_name_of_the_limit_before_the_engine_hears_of_them) {
  Connection connection(raw_options());
  const auto refusal_of = [&](const std::string& text) -> std::string {
    (void)engine_.take();
    try {
      connection.set_properties(text);
    } catch (const UsageError& error) {
      EXPECT_TRUE(engine_.take().empty());
      return error.what();
    }
    return "";
  };
  const std::string big(std::size_t{64} << 10U, 'x');
  EXPECT_EQ(refusal_of("big=" + big),
            "a connection keeps at most 65536 bytes of session properties for its later sessions, "
            "and would have to keep "
            "65540; set less, or call reset_properties first");
  for (int i = 0; i < 256; ++i) ASSERT_EQ(refusal_of("name" + std::to_string(i) + "=1"), "") << i;
  EXPECT_EQ(refusal_of("one=more"),
            "a connection keeps at most 256 texts of session properties for its later sessions, "
            "and would have to keep 257; "
            "set less, or call reset_properties first");
  EXPECT_EQ(refusal_of("name7=2"), "");
  EXPECT_EQ(given_anew(connection).size(), 256U);
}

TEST_F(PropertiesTest,
       a_kept_text_that_the_engine_refuses_later_is_dropped_and_the_connection_goes_on) {
  Connection connection(raw_options());
  connection.set_properties("good=1");
  connection.set_properties("bad=1");
  connection.set_properties("better=1");
  refused = "bad=1";
  EXPECT_EQ(given_anew(connection), (Texts{"good=1", "bad=1", "better=1"}));
  EXPECT_EQ(given_anew(connection), (Texts{"good=1", "better=1"}));
}

TEST_F(PropertiesTest,
       a_kept_text_whose_setting_the_user_is_denied_is_dropped_after_a_second_session_said_so) {
  Connection connection(raw_options());
  connection.set_properties("bad=1");
  refused = "bad=1";
  refusal_code = 13;
  refusal = "Access denied";
  EXPECT_EQ(given_anew(connection), (Texts{"bad=1", "bad=1"}));
  EXPECT_EQ(given_anew(connection), Texts{});
}

TEST(Properties, two_threads_that_are_denied_on_one_session_are_one_denial) {
  Properties kept;
  const std::uint64_t number = kept.keep(Properties::Text("a=1"));
  const auto one = std::make_shared<int>(1);
  const auto other = std::make_shared<int>(2);
  EXPECT_FALSE(kept.denied_by_another(number, one));
  EXPECT_FALSE(kept.denied_by_another(number, one));
  EXPECT_TRUE(kept.denied_by_another(number, other));
}

TEST_F(PropertiesTest, denials_that_were_about_the_session_do_not_add_up) {
  Connection connection(raw_options());
  connection.set_properties("good=1");
  refusal_code = 13;
  refusal = "Access denied";
  only_once = true;
  for (int i = 0; i < 3; ++i) {
    refused = "good=1";
    EXPECT_EQ(given_anew(connection), (Texts{"good=1", "good=1"})) << i;
  }
}

TEST_F(PropertiesTest, a_refused_text_does_not_replace_the_one_before) {
  Connection connection(raw_options());
  connection.set_properties("a=1");
  refused = "a=wrong";
  EXPECT_THROW(connection.set_properties("a=wrong"), QueryError);
  EXPECT_EQ(given_anew(connection), Texts{"a=1"});
}

TEST_F(PropertiesTest, a_colour_that_refuses_a_kept_text_serves_all_the_same) {
  Connection connection = connect();
  connection.set_properties("a=1");
  command("error --method setProps --code INVALID_ARGUMENT --details 'unknown property'");
  command("switch green abrupt");
  for (int i = 0; i < 2; ++i) EXPECT_NO_THROW((void)run(connection)) << i;
  EXPECT_EQ(calls("setProps", "green", "error"), 1);
}

TEST_F(PropertiesTest, a_reset_begins_with_a_session_that_has_none) {
  Connection connection(raw_options());
  connection.set_properties("a=1");
  (void)engine_.take();
  connection.reset_properties();
  (void)connection.tables("s");
  (void)connection.tables("s");
  Texts paths;
  for (const RawCall& call : engine_.take())
    paths.push_back(call.path.substr(call.path.rfind('/') + 1));
  EXPECT_EQ(paths, (Texts{"dropUserContext", "authenticate", "getTablesV2", "getTablesV2"}));
  connection.set_properties("b=2");
  EXPECT_EQ(given_anew(connection), Texts{"b=2"});
}

TEST_F(PropertiesTest, a_reset_leaves_a_query_its_session_until_it_ends) {
  Connection connection = connect();
  connection.set_properties("a=1");
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=30 batches=3 */");
  connection.reset_properties();
  (void)run(connection);
  EXPECT_EQ(sessions(), 2);
  EXPECT_EQ(drain(cursor), 3);
  cursor.clear();
  connection.close();
  EXPECT_EQ(sessions(), 0);
  EXPECT_EQ(calls("", "", "denied"), 0);
}

TEST_F(PropertiesTest, names_that_look_alike_in_different_formats_are_not_the_same) {
  Connection connection(raw_options());
  const Texts all{"a", "a=1", R"({"a":1})", R"({"a/b":1})", R"({"a":{"b":1}})"};
  for (const std::string& each : all) connection.set_properties(each);
  EXPECT_EQ(given_anew(connection), all);
}

TEST_F(PropertiesTest, a_text_that_is_nested_without_end_is_kept_as_one) {
  Connection connection(raw_options());
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += R"({"a":)";
  const std::string one = deep + "1" + std::string(20, '}');
  const std::string two = deep + "2" + std::string(20, '}');
  for (const std::string& each : {one, two, one}) connection.set_properties(each);
  EXPECT_EQ(given_anew(connection).size(), 2U);
}

}  // namespace
}  // namespace e6::client::test
