// Connections that are used while a thread ends.
#include <functional>
#include <thread>

#include "scene.h"

namespace e6::client::test {
namespace {

/// Does something when its thread ends.
struct LastWord {
  LastWord() = default;
  ~LastWord() {
    if (act) act();
  }
  LastWord(const LastWord&) = delete;
  LastWord& operator=(const LastWord&) = delete;
  std::function<void()> act;
};
thread_local LastWord t_last_word;

using ThreadEndTest = Scene;

// A log that writes its last lines to a table, say. What the library keeps for each thread is gone
// by then, because it was made later.
TEST_F(ThreadEndTest, an_object_that_ends_with_its_thread_runs_statements) {
  Connection connection = connect();
  int batches = 0;
  std::thread thread([&] {
    t_last_word.act = [&] {
      for (int i = 0; i < 20; ++i) batches += run(connection);
    };
    (void)run(connection);
  });
  thread.join();
  EXPECT_EQ(batches, 20);
}

}  // namespace
}  // namespace e6::client::test
