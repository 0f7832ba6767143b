// What the calls answer that are about the cluster and its catalogs, not about a query.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "e6/shared/strategy.h"

namespace e6::client {

/// A catalog that the engine has.
struct CatalogEntry {
  std::string name;
  bool is_default = false;
};

/// A column of a table, with the engine's name for its type ("LONG", "DECIMAL128", ...).
struct TableColumn {
  std::string name;
  std::string type;
};

/// A part of a catalog that could not be added.
struct FailedCatalogPart {
  std::string name;
  std::string type;
  std::string reason;
};

/// How far adding catalogs has come.
struct AddCatalogsStatus {
  std::string status;  ///< the engine's word
  std::vector<FailedCatalogPart> failures;
};

/// Which schema `Connection::sync_schema` is about. What is empty is not sent.
struct SchemaSync {
  std::string catalog = {};
  std::string database = {};
  std::string query_id = {};
  bool replace = false;
};

/// Whether there is a planner for a statement yet.
enum class PlannerQueue : std::uint8_t {
  kGoAhead = 0,            ///< prepare now
  kWaitingForScaleUp = 1,  ///< planners are being started: ask again with this place
  kRateLimited = 2,        ///< too many statements: ask again later with this place
};

/// The engine's answer to identifyPlanner: which planner shall prepare a statement, or the place in its queue.
struct PlannerPlace {
  PlannerQueue queue = PlannerQueue::kGoAhead;
  std::string planner = {};           ///< address; empty if the engine named none
  std::string query_id = {};          ///< the waiting statement's id; empty if it does not wait
  std::int64_t waited_ms = 0;    ///< as the engine counts it
  Strategy strategy = Strategy::kNone;  ///< the colour that answered; a place is worth nothing on the other
};

}  // namespace e6::client
