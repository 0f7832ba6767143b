// Texts that callers give to calls. They become Protobuf strings, which have to be UTF-8: anything
// else would be complained about on stderr and refused, or misread, by the engine. So each is
// looked at before anything is sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "e6/client/cursor.h"
#include "e6/client/data_frame.h"

namespace e6::client {

/// Throws UsageError if `text` is not UTF-8: "the statement is not UTF-8: byte 9 (counted from 0)
/// is 0xf6; ...". `what` names it ("the statement"). Shows nothing else of the text, which may hold
/// secrets.
void check_utf8(std::string_view what, std::string_view text);
void check_utf8(std::string_view what, const std::vector<std::string>& texts);
void check_utf8(const ExecuteOptions& how);
void check_utf8(const PlannerPlace& place);
void check_utf8(const SchemaSync& what);
void check_utf8(const DataFrameSource& source);

inline void check_statement(std::string_view sql) {
  check_utf8("the statement", sql);
}

}  // namespace e6::client
