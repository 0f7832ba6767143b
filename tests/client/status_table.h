// What engines, proxies and gRPC's libraries say when a call fails, and what a client may believe
// of it.
//
// The rules here are written a second time, beside libclient's own, from the protocol's text: a
// test that asked libclient what it believes could not find it wrong.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace e6::client::test {

/// gRPC status codes by their numbers on the wire.
enum Code : int {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};
inline constexpr int kLastCode = 16;

/// "UNAVAILABLE", as e6-sim's commands take it.
[[nodiscard]] std::string_view name_of_code(int code);

/// How far a status may be believed.
enum class Grade : std::uint8_t {
  kStatement,  ///< the statement's own error: no news about the cluster
  kDoubtful,   ///< may be news: verified first
  kCertain,    ///< the whole text is a known form
  kTransport,  ///< the connection's failure, or an engine's UNAVAILABLE, which nobody can tell
               ///< apart for sure
};

/// What a certain or doubtful status speaks of.
enum class About : std::uint8_t { kNothing, kColour, kSleep, kSession };

struct Reading {
  Grade grade = Grade::kStatement;
  About about = About::kNothing;
  /// The numbers or words occur, but not as a status. A client that verifies this too is careful,
  /// not wrong.
  bool may_be_verified = false;
  /// The call surely never left the machine, so that even execute may be sent again.
  bool unsent = false;
  /// The text is what a transport says, whatever its code: a call that may run twice may be
  /// repeated.
  bool transport_words = false;
};

/// What the protocol says about a status of any call but authenticate.
[[nodiscard]] Reading read_status(int code, std::string_view text);

struct StatusText {
  const char* name;  ///< of the test; letters, digits and underscores
  int code;          ///< the one that it really comes with
  std::string text;
  Grade grade;  ///< with that code
  About about;
};

/// Real texts, each named after who says it.
[[nodiscard]] std::span<const StatusText> status_table();

void PrintTo(const StatusText& row, std::ostream* out);

}  // namespace e6::client::test
