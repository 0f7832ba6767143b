#include "scene.h"

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

namespace e6::client::test {

SegmentDirectory::SegmentDirectory() {
  std::string pattern = "/dev/shm/e6-client-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    pattern = "/tmp/e6-client-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no directory for segments");
  }
  path_ = pattern;
}

SegmentDirectory::~SegmentDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

ConnectionOptions options_for(const std::string& target, const SegmentDirectory& directory) {
  ConnectionOptions options;
  const auto colon = target.rfind(':');
  options.host = target.substr(0, colon);
  options.port = std::stoi(target.substr(colon + 1));
  options.user = "demo@e6data.com";
  options.password = "demo";
  options.catalog = "cat";
  options.database = "db";
  options.retry_backoff = std::chrono::milliseconds(20);
  options.connect_timeout = std::chrono::seconds(2);
  options.operation_timeout = std::chrono::seconds(20);
  options.resume_poll = std::chrono::milliseconds(20);
  options.shared.directory = directory.path();
  options.shared.negative_ttl = std::chrono::milliseconds(200);
  return options;
}

void Scene::start(e6::sim::EngineOptions options) {
  std::string error;
  engine_ = e6::sim::Engine::start(options, error);
  if (engine_ == nullptr) throw std::runtime_error(error);
}

e6::sim::Engine& Scene::engine() {
  if (engine_ == nullptr) start();
  return *engine_;
}

void Scene::command(const std::string& line) {
  const auto answer = engine().run(line);
  if (!answer.ok) throw std::runtime_error(line + ": " + answer.text);
}

ConnectionOptions Scene::options() {
  return options_for(engine().target(), directory_);
}

int Scene::drain(Cursor& cursor) {
  int batches = 0;
  while (cursor.fetch_batch()) ++batches;
  return batches;
}

int Scene::run(Connection& connection, const std::string& sql) {
  Cursor cursor = connection.cursor();
  cursor.execute(sql);
  const int batches = drain(cursor);
  cursor.clear();
  return batches;
}

int Scene::calls(const std::string& method, const std::string& colour, const std::string& result) {
  const auto stats = nlohmann::json::parse(engine().stats_json());
  int sum = 0;
  for (const auto& call : stats["calls"]) {
    if (!method.empty() && call["method"] != method) continue;
    if (!colour.empty() && call["colour"] != colour) continue;
    if (!result.empty() && call["result"] != result) continue;
    sum += call["count"].get<int>();
  }
  return sum;
}

int Scene::total(const std::string& name) {
  return nlohmann::json::parse(engine().stats_json())[name].get<int>();
}

int Scene::sessions() {
  const auto stats = nlohmann::json::parse(engine().stats_json());
  return stats["sessions"]["blue"].get<int>() + stats["sessions"]["green"].get<int>();
}

bool Scene::open_queries_come_down_to(int most) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (total("queries_open") > most) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace e6::client::test
