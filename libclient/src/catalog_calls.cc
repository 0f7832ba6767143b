// The calls of a connection that are not about a query.
#include <utility>

#include "call_texts.h"
#include "e6/client/connection.h"
#include "link.h"
#include "session_end.h"

namespace e6::client {
namespace {

using Need = Link::Need;
using Repeat = Link::Repeat;

/// `send(Channel&, CallHead, const SessionPtr&) -> Reply`
template <class Send>
void call(Link& link, const CallOptions& options, const char* name, Need need, Repeat repeat, Send&& send) {
  Budget budget(link.options(), link.options().operation_timeout, options);
  link.call(name, need, repeat, budget, send);
}

[[gnu::hot]] std::string_view or_own(std::string_view catalog, const Link& link) noexcept {
  return catalog.empty() ? std::string_view(link.options().catalog) : catalog;
}

}  // namespace

std::vector<CatalogEntry> Connection::catalogs(const CallOptions& options) {
  std::vector<CatalogEntry> found;
  call(*link_, options, "getCataloges", Need::kColour, Repeat::kSafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr&) { return channel.catalogs(head, found); });
  return found;
}

std::vector<std::string> Connection::schemas(std::string_view catalog, const CallOptions& options) {
  check_utf8("the catalog", catalog);
  const std::string_view in = or_own(catalog, *link_);
  std::vector<std::string> found;
  call(*link_, options, in.empty() ? "getSchemaNames" : "getSchemaNamesV2", Need::kSession, Repeat::kSafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr& session) {
         return channel.schemas(head, session->id, in, found);
       });
  return found;
}

[[gnu::hot]] std::vector<std::string> Connection::tables(std::string_view schema, std::string_view catalog,
                                            const CallOptions& options) {
  check_utf8("the schema", schema);
  check_utf8("the catalog", catalog);
  const std::string_view in = or_own(catalog, *link_);
  std::vector<std::string> found;
  call(*link_, options, in.empty() ? "getTables" : "getTablesV2", Need::kSession, Repeat::kSafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr& session) {
         return channel.tables(head, session->id, in, schema, found);
       });
  return found;
}

std::vector<TableColumn> Connection::columns(std::string_view schema, std::string_view table,
                                             std::string_view catalog, const CallOptions& options) {
  check_utf8("the schema", schema);
  check_utf8("the table", table);
  check_utf8("the catalog", catalog);
  const std::string_view in = or_own(catalog, *link_);
  std::vector<TableColumn> found;
  call(*link_, options, in.empty() ? "getColumns" : "getColumnsV2", Need::kSession, Repeat::kSafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr& session) {
         return channel.columns(head, session->id, in, schema, table, found);
       });
  return found;
}

void Connection::add_catalogs(std::string_view json, const CallOptions& options) {
  check_utf8("the text of the catalogs", json);
  call(*link_, options, "addCatalogs", Need::kSession, Repeat::kUnsafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr& session) {
         return channel.add_catalogs(head, session->id, json);
       });
}

AddCatalogsStatus Connection::add_catalogs_status(const CallOptions& options) {
  AddCatalogsStatus status;
  call(*link_, options, "getAddCatalogsResponse", Need::kSession, Repeat::kSafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr& session) {
         return channel.add_catalogs_status(head, session->id, status);
       });
  return status;
}

void Connection::refresh_catalogs(const CallOptions& options) {
  call(*link_, options, "refreshCatalogs", Need::kSession, Repeat::kSafe,
       [](Channel& channel, const CallHead& head, const SessionPtr& session) {
         return channel.refresh_catalogs(head, session->id);
       });
}

void Connection::sync_schema(const SchemaSync& what, const CallOptions& options) {
  check_utf8(what);
  call(*link_, options, "syncSchemas", Need::kColour, Repeat::kSafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr&) { return channel.sync_schema(head, what); });
}

std::string Connection::dry_run(std::string_view sql, const CallOptions& options) {
  check_statement(sql);
  std::string plan;
  call(*link_, options, link_->options().catalog.empty() ? "dryRun" : "dryRunV2", Need::kSession, Repeat::kSafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr& session) {
         return channel.dry_run(head, session->id, session->engine, sql, plan);
       });
  return plan;
}

void Connection::analyze(std::string_view sql, const CallOptions& options) {
  check_statement(sql);
  call(*link_, options, "analyzeQuery", Need::kColour, Repeat::kSafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr&) { return channel.analyze(head, sql); });
}

PlannerPlace Connection::identify_planner(std::string_view sql, const CallOptions& options) {
  check_statement(sql);
  PlannerPlace place;
  call(*link_, options, "identifyPlanner", Need::kSession, Repeat::kSafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr& session) {
         return channel.identify_planner(head, session->id, sql, nullptr, place);
       });
  return place;
}

PlannerPlace Connection::identify_planner(const PlannerPlace& waiting, const CallOptions& options) {
  check_utf8(waiting);
  PlannerPlace place;
  call(*link_, options, "identifyPlanner", Need::kSession, Repeat::kSafe,
       [&](Channel& channel, const CallHead& head, const SessionPtr& session) {
         return channel.identify_planner(head, session->id, {}, &waiting, place);
       });
  return place;
}

void Connection::set_properties(std::string_view properties, const CallOptions& options) {
  check_utf8("the properties", properties);
  Budget budget(link_->options(), link_->options().operation_timeout, options);
  link_->set_properties(properties, budget);
}

void Connection::drop_user_context(const CallOptions& options) {
  Budget budget(link_->options(), link_->options().operation_timeout, options);
  link_->drop_user_context(budget);
}

void Connection::reset_properties() noexcept {
  SessionEnder ender;
  link_->reset_properties(ender);
}

void Connection::health_check(const CallOptions& options) {
  Budget budget(link_->options(), link_->options().operation_timeout, options);
  budget.may_wake = false;
  link_->call("healthCheck", Need::kColour, Repeat::kSafe, budget,
              [](Channel& channel, const CallHead& head, const SessionPtr&) {
                return channel.health_check(head);
              });
}

}  // namespace e6::client
