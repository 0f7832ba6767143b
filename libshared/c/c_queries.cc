// The C interface (e6shm.h): a query's life, and the news from the engine.
#include <optional>
#include <utility>

#include "call.h"
#include "convert.h"
#include "grants.h"
#include "handle.h"

using namespace e6::c;  // NOLINT(google-build-using-namespace): this is the implementation of one interface

static_assert(sizeof(e6shm_ticket_t) == 64);

namespace {

constexpr std::size_t kLongestQueryId = 96;

std::int32_t query_id_in(const Call& call, const char* query_id, std::size_t length,
                         std::string_view& out) noexcept {
  if (query_id == nullptr) return call.null("query_id");
  if (const std::int32_t status = text_in(call, "query_id", query_id, length, out); status != E6SHM_OK)
    return status;
  return out.empty() ? call.fail(E6SHM_ERR_BAD_ARGUMENT, "`query_id` is empty") : E6SHM_OK;
}

}  // namespace

std::int32_t e6shm_begin_query(e6shm_t* handle, e6shm_ticket_t* ticket, e6shm_strategy_t* strategy,
                               e6shm_epoch_t* epoch) noexcept {
  zero(ticket);
  zero(strategy);
  zero(epoch);
  return guarded("e6shm_begin_query", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (ticket == nullptr) return call.null("ticket");
    Place<e6::QueryTicket> place;
    if (const std::int32_t status = place.reserve(call, at); status != E6SHM_OK) return status;
    std::optional<e6::QueryTicket> query = at.coordinator.begin_query();
    if (!query) return call.fail(E6SHM_ERR_NO_STRATEGY, "no usable colour; call e6shm_detect_begin");
    const e6::Strategy colour = query->strategy();
    const e6::Epoch when = query->epoch();
    place.hand_out(std::move(*query), colour, when, *ticket);
    if (strategy != nullptr) *strategy = out(colour);
    if (epoch != nullptr) *epoch = pack(when);
    return E6SHM_OK;
  });
}

std::int32_t e6shm_begin_query_on(e6shm_t* handle, e6shm_strategy_t strategy, e6shm_epoch_t epoch,
                                  e6shm_ticket_t* ticket) noexcept {
  zero(ticket);
  return guarded("e6shm_begin_query_on", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (ticket == nullptr) return call.null("ticket");
    e6::Strategy colour{};
    if (const std::int32_t status = colour_in(call, strategy, colour); status != E6SHM_OK) return status;
    Place<e6::QueryTicket> place;
    if (const std::int32_t status = place.reserve(call, at); status != E6SHM_OK) return status;
    place.hand_out(at.coordinator.begin_query_on(colour, unpack(epoch)), colour, unpack(epoch), *ticket);
    return E6SHM_OK;
  });
}

std::int32_t e6shm_ticket_read(const e6shm_ticket_t* ticket, e6shm_strategy_t* strategy,
                               e6shm_epoch_t* epoch) noexcept {
  zero(strategy);
  zero(epoch);
  return guarded("e6shm_ticket_read", [&](const Call& call) -> std::int32_t {
    if (ticket == nullptr) return call.null("ticket");
    e6::Strategy colour{};
    e6::Epoch when;
    if (!read_ticket(*ticket, colour, when))
      return call.fail(E6SHM_ERR_BAD_TICKET, "this is no ticket from e6shm_begin_query");
    if (strategy != nullptr) *strategy = out(colour);
    if (epoch != nullptr) *epoch = pack(when);
    return E6SHM_OK;
  });
}

std::int32_t e6shm_bind(e6shm_t* handle, const e6shm_ticket_t* ticket, const char* query_id,
                        std::size_t query_id_length, const char* engine_address,
                        std::size_t engine_address_length) noexcept {
  return guarded("e6shm_bind", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (ticket == nullptr) return call.null("ticket");
    std::string_view id;
    if (const std::int32_t status = query_id_in(call, query_id, query_id_length, id); status != E6SHM_OK)
      return status;
    std::string_view engine;
    if (const std::int32_t status =
            text_in(call, "engine_address", engine_address, engine_address_length, engine);
        status != E6SHM_OK)
      return status;
    Use<e6::QueryTicket> use;
    if (const std::int32_t status = use.begin(call, at, *ticket); status != E6SHM_OK) return status;
    const e6::Error error = at.coordinator.bind(use.object(), id, engine);
    return error.ok() ? E6SHM_OK : call.fail(error);
  });
}

std::int32_t e6shm_find_query(const e6shm_t* handle, const char* query_id, std::size_t query_id_length,
                              e6shm_strategy_t* strategy, e6shm_epoch_t* epoch, char* engine_address,
                              std::size_t engine_address_size, std::size_t* engine_address_length) noexcept {
  zero(strategy);
  zero(epoch);
  clear_text(engine_address, engine_address_size, engine_address_length);
  return guarded("e6shm_find_query", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (const std::int32_t status = check_buffer(call, "engine_address", engine_address, engine_address_size);
        status != E6SHM_OK)
      return status;
    std::string_view id;
    if (const std::int32_t status = query_id_in(call, query_id, query_id_length, id); status != E6SHM_OK)
      return status;
    const std::optional<e6::Pin> pin =
        id.size() > kLongestQueryId ? std::nullopt : at.coordinator.find_query(id);
    if (!pin) return call.fail(E6SHM_ERR_UNKNOWN, "no query of this host is bound to that id");
    if (strategy != nullptr) *strategy = out(pin->strategy);
    if (epoch != nullptr) *epoch = pack(pin->epoch);
    return text_out(call, pin->engine_address, engine_address, engine_address_size, engine_address_length);
  });
}

std::int32_t e6shm_end_query(e6shm_t* handle, e6shm_ticket_t* ticket) noexcept {
  return guarded("e6shm_end_query", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (ticket == nullptr) return call.null("ticket");
    if (nothing(*ticket)) return E6SHM_OK;
    Use<e6::QueryTicket> use;
    if (const std::int32_t status = use.begin(call, at, *ticket); status != E6SHM_OK) return status;
    at.coordinator.end_query(use.end());
    *ticket = {};
    return E6SHM_OK;
  });
}

std::int32_t e6shm_end_query_by_id(e6shm_t* handle, const char* query_id,
                                   std::size_t query_id_length) noexcept {
  return guarded("e6shm_end_query_by_id", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    std::string_view id;
    if (const std::int32_t status = query_id_in(call, query_id, query_id_length, id); status != E6SHM_OK)
      return status;
    if (id.size() <= kLongestQueryId && at.coordinator.end_query(id)) return E6SHM_OK;
    return call.fail(E6SHM_ERR_UNKNOWN, "no query of this host is bound to that id");
  });
}

std::int32_t e6shm_announce(e6shm_t* handle, e6shm_strategy_t announced, e6shm_epoch_t epoch,
                            std::int32_t* changed) noexcept {
  zero(changed);
  return guarded("e6shm_announce", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    e6::Strategy colour{};
    if (const std::int32_t status = colour_in(call, announced, colour); status != E6SHM_OK) return status;
    const bool did = at.coordinator.announce(colour, unpack(epoch));
    if (changed != nullptr) *changed = did ? 1 : 0;
    return E6SHM_OK;
  });
}

std::int32_t e6shm_confirm(e6shm_t* handle, e6shm_strategy_t strategy, e6shm_epoch_t epoch) noexcept {
  return guarded("e6shm_confirm", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    e6::Strategy colour{};
    if (const std::int32_t status = colour_in(call, strategy, colour); status != E6SHM_OK) return status;
    at.coordinator.confirm(colour, unpack(epoch));
    return E6SHM_OK;
  });
}

std::int32_t e6shm_mismatch(e6shm_t* handle, e6shm_strategy_t strategy, e6shm_epoch_t epoch,
                            std::int32_t* changed) noexcept {
  zero(changed);
  return guarded("e6shm_mismatch", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    e6::Strategy colour{};
    if (const std::int32_t status = colour_in(call, strategy, colour); status != E6SHM_OK) return status;
    const bool did = at.coordinator.mismatch(colour, unpack(epoch));
    if (changed != nullptr) *changed = did ? 1 : 0;
    return E6SHM_OK;
  });
}
