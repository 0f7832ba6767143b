#include "status_table.h"

#include <vector>

namespace e6::client::test {
namespace {

using enum Grade;
using enum About;

// A stack trace of a few thousand bytes, with `words` at its end or in its middle.
std::string trace(std::string_view before, std::string_view words, std::string_view after) {
  std::string text(before);
  for (int i = 0; i < 40; ++i)
    text +=
        "\n\tat com.example.engine.Operator.next(Operator.java:" + std::to_string(100 + i) + ")";
  text += words;
  for (int i = 0; i < 40; ++i)
    text += "\n\tat com.example.engine.Driver.run(Driver.java:" + std::to_string(300 + i) + ")";
  return text += after;
}

// gRPC C++ 1.51 and grpcio, which is made of it: what an HTTP status, a reset stream and a broken
// connection become. Measured with a server that answers so.
const std::vector<StatusText> kCore{
    {"cpp_http_456", kUnknown, "Received http2 header with status: 456", kCertain, kColour},
    {"cpp_http_456_as_internal", kInternal, "Received http2 header with status: 456", kDoubtful,
     kColour},
    {"cpp_http_503", kUnavailable, "Received http2 header with status: 503", kCertain, kSleep},
    {"cpp_http_503_as_unknown", kUnknown, "Received http2 header with status: 503", kStatement,
     kNothing},
    {"cpp_http_302", kUnknown, "Received http2 header with status: 302", kStatement, kNothing},
    {"cpp_http_400", kInternal, "Received http2 header with status: 400", kStatement, kNothing},
    {"cpp_http_401", kUnauthenticated, "Received http2 header with status: 401", kCertain,
     kSession},
    {"cpp_http_403", kPermissionDenied, "Received http2 header with status: 403", kStatement,
     kNothing},
    {"cpp_http_404", kUnimplemented, "Received http2 header with status: 404", kStatement,
     kNothing},
    {"cpp_http_429", kUnavailable, "Received http2 header with status: 429", kTransport, kNothing},
    {"cpp_http_431", kUnknown, "Received http2 header with status: 431", kStatement, kNothing},
    {"cpp_http_500", kUnknown, "Received http2 header with status: 500", kStatement, kNothing},
    {"cpp_http_502", kUnavailable, "Received http2 header with status: 502", kTransport, kNothing},
    {"cpp_http_504", kUnavailable, "Received http2 header with status: 504", kTransport, kNothing},
    {"cpp_stream_removed", kUnknown, "Stream removed", kTransport, kNothing},
    {"cpp_reset_internal", kInternal, "Received RST_STREAM with error code 2", kTransport,
     kNothing},
    {"cpp_reset_refused", kUnavailable, "Received RST_STREAM with error code 7", kTransport,
     kNothing},
    {"cpp_reset_cancel", kCancelled, "Received RST_STREAM with error code 8", kTransport, kNothing},
    {"cpp_reset_calm", kResourceExhausted, "Received RST_STREAM with error code 11", kTransport,
     kNothing},
    {"cpp_reset_security", kPermissionDenied, "Received RST_STREAM with error code 12", kTransport,
     kNothing},
    {"cpp_goaway", kUnavailable, "GOAWAY received", kTransport, kNothing},
    {"cpp_socket_closed", kUnavailable, "Socket closed", kTransport, kNothing},
    {"cpp_connection_reset", kUnavailable, "recvmsg:Connection reset by peer", kTransport,
     kNothing},
    {"cpp_keepalive", kUnavailable, "keepalive watchdog timeout", kTransport, kNothing},
    {"cpp_refused", kUnavailable,
     "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:50051: Failed to "
     "connect to "
     "remote host: Connection refused",
     kTransport, kNothing},
    {"cpp_no_name", kUnavailable,
     "DNS resolution failed for engine.example:9000: C-ares status is not ARES_SUCCESS qtype=A "
     "name=engine.example is_balancer=0: Domain name not found",
     kTransport, kNothing},
    {"cpp_deadline", kDeadlineExceeded, "Deadline Exceeded", kTransport, kNothing},
    {"cpp_cancelled", kCancelled, "CANCELLED", kTransport, kNothing},
    {"cpp_too_large", kResourceExhausted, "Received message larger than max (8388608 vs. 4194304)",
     kStatement, kNothing},
    {"grpcio_error_passed_on_456", kUnknown,
     "<_InactiveRpcError of RPC that terminated with:\n\tstatus = StatusCode.UNKNOWN\n\tdetails = "
     "\"Received "
     "http2 header with status: 456\"\n\tdebug_error_string = \"UNKNOWN:Error received from peer "
     "ipv4:10.0.3.9:443\"\n>",
     kDoubtful, kColour},
    {"grpcio_error_passed_on_503", kUnavailable,
     "{\"created\":\"@1650395963.222837020\",\"description\":\"Received http2 :status "
     "header with non-200 OK status\",\"file\":\"http_client_filter.cc\",\"file_line\":134,"
     "\"grpc_message\":\"Received http2 header with status: 503\",\"grpc_status\":14}",
     kDoubtful, kSleep},
};

const std::vector<StatusText> kGo{
    {"go_http_456", kUnknown,
     "unexpected HTTP status code received from server: 456 (); transport: received "
     "unexpected content-type \"text/html\"",
     kTransport, kNothing},
    {"go_http_503", kUnavailable,
     "unexpected HTTP status code received from server: 503 (Service Unavailable); "
     "transport: received unexpected content-type \"text/html\"",
     kTransport, kNothing},
    {"go_http_400", kInternal,
     "unexpected HTTP status code received from server: 400 (Bad Request); malformed header: "
     "missing HTTP "
     "content-type",
     kTransport, kNothing},
    {"go_http_502", kUnavailable,
     "unexpected HTTP status code received from server: 502 (Bad Gateway); transport: "
     "received unexpected content-type \"text/plain; charset=utf-8\"",
     kTransport, kNothing},
    {"go_reset", kInternal, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR",
     kTransport, kNothing},
    {"go_eof", kUnavailable, "error reading from server: EOF", kTransport, kNothing},
    {"go_dial", kUnavailable,
     "connection error: desc = \"transport: Error while dialing: dial tcp "
     "10.0.0.1:443: connect: connection refused\"",
     kTransport, kNothing},
    {"go_error_passed_on", kUnknown,
     "rpc error: code = Unknown desc = Received http2 header with status: 456", kDoubtful, kColour},
};

const std::vector<StatusText> kJava{
    {"java_http_456", kUnknown,
     "HTTP status code 456\ninvalid content-type: text/html\nheaders: "
     "Metadata(:status=456,server=nginx,"
     "content-type=text/html,content-length=9)\nDATA-----------------------------\n<p>456</p>",
     kDoubtful, kColour},
    {"java_http_503", kUnavailable,
     "HTTP status code 503\ninvalid content-type: text/html; charset=utf-8\nheaders: "
     "Metadata(:status=503,"
     "server=awselb/2.0)\nDATA-----------------------------\n<html><body><h1>503 Service "
     "Temporarily "
     "Unavailable</h1></body></html>",
     kDoubtful, kSleep},
    {"java_http_502", kUnavailable,
     "HTTP status code 502\ninvalid content-type: null\nheaders: "
     "Metadata(:status=502,content-length=0)",
     kTransport, kNothing},
    {"java_reset", kInternal, "RST_STREAM closed stream. HTTP/2 error code: INTERNAL_ERROR",
     kTransport, kNothing},
    {"java_io", kUnavailable,
     "io exception\nChannel Pipeline: [SslHandler#0, ProtocolNegotiators$ClientTlsHandler#0]",
     kTransport, kNothing},
    {"java_goaway", kUnavailable,
     "Connection closed after GOAWAY. HTTP/2 error code: NO_ERROR, debug data: max_age", kTransport,
     kNothing},
    {"java_shutdown", kUnavailable, "Channel shutdownNow invoked", kTransport, kNothing},
    {"envoy_reset", kUnavailable,
     "upstream connect error or disconnect/reset before headers. reset reason: connection "
     "termination",
     kTransport, kNothing},
    {"envoy_no_upstream", kUnavailable, "no healthy upstream", kTransport, kNothing},
};

// The short forms of engines themselves, and what only looks like one.
const std::vector<StatusText> kEngine{
    {"bare_456", kFailedPrecondition, "status: 456", kCertain, kColour},
    {"bare_456_stop", kInternal, "Status: 456.", kCertain, kColour},
    {"bare_456_blanks", kAborted, " \tSTATUS: 456\r\n", kCertain, kColour},
    {"http_456_upper", kUnknown, "RECEIVED HTTP2 HEADER WITH STATUS: 456.", kCertain, kColour},
    {"bare_503", kUnavailable, "status: 503", kCertain, kSleep},
    {"bare_503_as_internal", kInternal, "status: 503", kStatement, kNothing},
    {"denied", kInternal, "Access denied", kCertain, kSession},
    {"denied_stop", kInternal, "ACCESS DENIED.\n", kCertain, kSession},
    {"denied_as_invalid", kInvalidArgument, "Access denied", kStatement, kNothing},
    {"token_expired", kUnauthenticated, "token expired", kCertain, kSession},
    {"nothing_unknown", kUnknown, "", kDoubtful, kColour},
    {"nothing_internal", kInternal, "", kStatement, kNothing},
    {"nothing_unavailable", kUnavailable, "", kTransport, kNothing},
    {"wrong_strategy", kInvalidArgument, "Wrong strategy. Status: 456, the active one is blue",
     kDoubtful, kColour},
    {"upper_status", kFailedPrecondition, "HTTP STATUS=456", kDoubtful, kColour},
    {"upstream_status", kInternal, "upstream answered with status 456", kDoubtful, kColour},
    {"quoted_456", kUnknown, "'status: 456'", kDoubtful, kColour},
    {"twice_456", kUnknown, "status: 456\nstatus: 456", kDoubtful, kColour},
    {"json_456", kInternal, R"({"error":"Access denied","status":456})", kDoubtful, kColour},
    {"denied_for_session", kInternal, "error: ACCESS DENIED for session", kDoubtful, kSession},
    {"near_4560", kUnknown, "status: 4560", kStatement, kNothing},
    {"near_0456", kUnknown, "status: 0456", kStatement, kNothing},
    {"near_456x", kUnknown, "status: 456x", kStatement, kNothing},
    {"http_line_456", kUnknown, "HTTP/1.1 456", kStatement, kNothing},
};

// Errors of statements. Each has been seen, in these words or with other numbers, from some SQL
// engine.
const std::vector<StatusText> kSql{
    {"sql_division", kInternal, "division by zero", kStatement, kNothing},
    {"sql_no_table", kNotFound, "Table 'orders' not found", kStatement, kNothing},
    {"sql_echoed", kInvalidArgument,
     "relation \"orders\" does not exist\nLINE 1: SELECT * FROM orders WHERE note = 'status: 456'\n"
     "                      ^",
     kDoubtful, kColour},
    {"sql_comment_echoed", kInvalidArgument,
     "syntax error near 'FORM' in: SELECT 1 FORM t /* status 456 */", kDoubtful, kColour},
    {"sql_unique_key", kAlreadyExists,
     "ERROR: duplicate key value violates unique constraint \"orders_status_456_key\"\nDETAIL: Key "
     "(status)=(456) already exists.",
     kDoubtful, kColour},
    {"sql_check", kFailedPrecondition, "CHECK constraint failed: status = 456", kDoubtful, kColour},
    {"sql_cast", kInvalidArgument, "Cannot cast 'status: 456' to INTEGER", kDoubtful, kColour},
    {"sql_range", kOutOfRange, "Value 456 is out of range for column http_status", kStatement,
     kNothing},
    {"sql_date", kInvalidArgument, "invalid input syntax for type date: \"456\"", kStatement,
     kNothing},
    {"sql_format", kInvalidArgument, "bad format string '%s%n%x status: 456 %%'", kDoubtful,
     kColour},
    {"sql_column_denied", kInternal, "Access denied for column salary of table hr.people",
     kDoubtful, kSession},
    {"sql_privilege", kInternal,
     "Access denied; you need (at least one of) the SUPER privilege(s) for this operation",
     kDoubtful, kSession},
    {"sql_enum", kInternal, "value 'Access denied' is not one of 'ok', 'failed'", kDoubtful,
     kSession},
    {"sql_udf", kInternal, "function f failed: java.nio.file.AccessDeniedException: /data/part-0",
     kStatement, kNothing},
    {"sql_deadlock", kAborted, "deadlock detected; try again", kStatement, kNothing},
    {"sql_memory", kResourceExhausted, "Query exceeded per-node memory limit of 4GB", kStatement,
     kNothing},
    {"sql_url", kInvalidArgument,
     "Cannot read https://shop.example/orders?status=456&page=2: not found", kDoubtful, kColour},
    {"sql_german", kInvalidArgument, "Überprüfung fehlgeschlagen: Status: 456 — größer als 100",
     kDoubtful, kColour},
    {"sql_japanese", kInvalidArgument, "状態 status: 456 は無効です 🙁", kDoubtful,
     kColour},
    {"sql_turkish", kInternal, "ERİŞİM ENGELLENDİ: Access denıed", kStatement, kNothing},
    {"sql_long_middle", kInternal,
     trace("java.lang.IllegalStateException: lost", "\nCaused by: Status: 456", ""), kDoubtful,
     kColour},
    {"sql_long_end", kInternal,
     trace("java.lang.RuntimeException", "", "\nCaused by: Access denied"), kDoubtful, kSession},
    {"sql_long_plain", kInternal, trace("java.lang.NullPointerException", "", ""), kStatement,
     kNothing},
};

// What object stores answered to the engine, which passed it on.
const std::vector<StatusText> kStorage{
    {"s3_slow_down", kUnavailable,
     "Please reduce your request rate. (Service: Amazon S3; Status Code: 503; Error Code: "
     "SlowDown; Request ID: "
     "FAF3249CC254AB6E; Proxy: null)",
     kDoubtful, kSleep},
    {"s3_slow_down_exhausted", kResourceExhausted,
     "Slow Down (Service: Amazon S3; Status Code: 503; Error Code: 503 Slow Down)", kStatement,
     kNothing},
    {"s3_access_denied", kInternal,
     "Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; Request ID: "
     "021AAB703DB20A2D)",
     kDoubtful, kSession},
    {"s3_no_key", kNotFound,
     "The specified key does not exist. (Service: Amazon S3; Status Code: 404; Error Code: "
     "NoSuchKey)",
     kStatement, kNothing},
    {"hive_partition_456", kInternal,
     "s3://lake/orders/status=456/part-00000.parquet: corrupt footer", kDoubtful, kColour},
    {"hive_partition_503", kUnavailable,
     "cannot open s3://lake/log/status=503/part-00007.orc, try later", kDoubtful, kSleep},
    {"gcs_429", kResourceExhausted,
     "429 Too Many Requests\n{\"error\":{\"code\":429,\"message\":\"The object lake/t exceeded the "
     "rate limit\"}}",
     kStatement, kNothing},
    {"gcs_503", kUnavailable,
     "503 Service Unavailable\nGET https://storage.googleapis.com/storage/v1/b/lake/o\nBackend "
     "Error",
     kTransport, kNothing},
    {"azure_403", kInternal,
     "Operation failed: \"This request is not authorized to perform this operation using "
     "this permission.\", 403, HEAD, https://lake.dfs.core.windows.net/t, "
     "AuthorizationPermissionMismatch",
     kStatement, kNothing},
    {"azure_503", kUnavailable,
     "Status code 503, ErrorCode ServerBusy: The server is currently unable to receive requests.",
     kDoubtful, kSleep},
    {"hdfs_denied", kPermissionDenied,
     "Permission denied: user=etl, access=READ, inode=\"/warehouse\"", kStatement, kNothing},
};

}  // namespace

std::span<const StatusText> status_table() {
  static const std::vector<StatusText> all = [] {
    std::vector<StatusText> rows;
    for (const auto* part : {&kCore, &kGo, &kJava, &kEngine, &kSql, &kStorage})
      rows.insert(rows.end(), part->begin(), part->end());
    return rows;
  }();
  return all;
}

}  // namespace e6::client::test
