// The sessions and queries that the engines of both colours know.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "e6/sim/colour.h"
#include "text/hints.h"

namespace e6::sim {

struct Session {
  std::string id;
  Colour colour;
  std::string user;
  std::string engine_ip;
};

struct Query {
  std::string id;
  Colour colour;
  std::string session_id;
  std::string user;
  std::string engine_ip;
  std::string sql;
  QueryHints hints;
  bool changes_data = false;
  bool orphaned = false;  // its session was revoked: the next session of its user and colour may take it over
  bool executed = false;
  std::int64_t next_batch = 0;
};

// Not thread-safe: EngineCore calls it under its mutex. Queries are shared so that a batch can be encoded
// outside it; only id, colour and hints may be read there.
class Registry {
 public:
  // `salt` keeps the identifiers of two runs apart; `engines` is how many addresses each colour has.
  Registry(std::uint64_t salt, unsigned engines) : salt_(salt), engines_(engines) {}

  Session& add_session(Colour colour, std::string user);
  std::shared_ptr<Query> add_query(const Session& session, std::string sql, const QueryHints& hints);
  Session* find_session(std::string_view id);
  std::shared_ptr<Query> find_query(std::string_view id);
  void remove_session(const std::string& id) { sessions_.erase(id); }
  void remove_query(const std::string& id) { queries_.erase(id); }

  // Everything of the colour is gone; returns how many queries were.
  std::uint64_t forget(Colour colour);
  void revoke_sessions();

  std::array<std::uint64_t, kColours> sessions() const;
  std::array<std::uint64_t, kColours> queries() const;
  // Of these, those that have been executed.
  std::uint64_t executed_queries() const;

 private:
  std::string next_id(char kind);

  std::uint64_t salt_;
  unsigned engines_;
  std::uint64_t sequence_ = 0;
  // Looked up by key only; the ids come from clients, so nothing else is done with them.
  std::unordered_map<std::string, Session> sessions_;
  std::unordered_map<std::string, std::shared_ptr<Query>> queries_;
};

}  // namespace e6::sim
