#include "fault_scene.h"

#include <stdexcept>
#include <vector>

#include "status_table.h"

namespace e6::client::test {

void FaultScene::fail_calls(const std::string& method, int code, const std::string& text,
                            std::optional<int> count, Work work) {
  std::vector<std::string> words{
      "error", "--method", method, "--code", std::string(name_of_code(code)), "--details", text};
  if (count) words.insert(words.end(), {"--count", std::to_string(*count)});
  if (work == Work::kDone) words.emplace_back("--late");
  const auto answer = engine().run(words);
  if (!answer.ok) throw std::runtime_error(answer.text);
}

}  // namespace e6::client::test
