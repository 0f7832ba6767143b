#include "core/registry.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace e6::sim {

// Identifiers say nothing about the colour, so that no client can come to rely on it.
std::string Registry::next_id(char kind) {
  std::array<char, 40> text{};
  const std::uint64_t number = ++sequence_;
  const int length = std::snprintf(text.data(), text.size(), "%c%08llx-%llu", kind,
                                   static_cast<unsigned long long>(salt_ & 0xffffffff),
                                   static_cast<unsigned long long>(number));
  return {text.data(), static_cast<std::size_t>(length)};
}

Session& Registry::add_session(Colour colour, std::string user) {
  std::string id = next_id('s');
  const unsigned engine = static_cast<unsigned>(sequence_ % engines_) + 1;
  std::string engine_ip = (colour == Colour::kBlue ? "10.1.0." : "10.2.0.") + std::to_string(engine);
  Session session{id, colour, std::move(user), std::move(engine_ip)};
  return sessions_.emplace(std::move(id), std::move(session)).first->second;
}

std::shared_ptr<Query> Registry::add_query(const Session& session, std::string sql, const QueryHints& hints) {
  auto query = std::make_shared<Query>();
  query->id = next_id('q');
  query->colour = session.colour;
  query->session_id = session.id;
  query->user = session.user;
  query->engine_ip = session.engine_ip;
  query->changes_data = changes_data(sql);
  query->sql = std::move(sql);
  query->hints = hints;
  queries_.emplace(query->id, query);
  return query;
}

Session* Registry::find_session(std::string_view id) {
  const auto found = sessions_.find(std::string(id));
  return found == sessions_.end() ? nullptr : &found->second;
}

std::shared_ptr<Query> Registry::find_query(std::string_view id) {
  const auto found = queries_.find(std::string(id));
  return found == queries_.end() ? nullptr : found->second;
}

std::uint64_t Registry::forget(Colour colour) {
  std::erase_if(sessions_, [colour](const auto& entry) { return entry.second.colour == colour; });
  return std::erase_if(queries_, [colour](const auto& entry) { return entry.second->colour == colour; });
}

void Registry::revoke_sessions() {
  sessions_.clear();
  for (auto& [id, query] : queries_) query->orphaned = true;
}

std::array<std::uint64_t, kColours> Registry::sessions() const {
  std::array<std::uint64_t, kColours> count{};
  for (const auto& [id, session] : sessions_) ++count[index(session.colour)];
  return count;
}

std::array<std::uint64_t, kColours> Registry::queries() const {
  std::array<std::uint64_t, kColours> count{};
  for (const auto& [id, query] : queries_) ++count[index(query->colour)];
  return count;
}

std::uint64_t Registry::executed_queries() const {
  const auto executed = std::count_if(queries_.begin(), queries_.end(), [](const auto& entry) {
    return entry.second->executed;
  });
  return static_cast<std::uint64_t>(executed);
}

}  // namespace e6::sim
