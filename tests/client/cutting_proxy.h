// A TCP proxy on the loopback device, between a client and its engine, that breaks connections
// where a test wants them broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace e6::client::test {

/// Serves from its construction to its end, with a thread of its own. All functions are thread-safe
/// and take effect before they return.
class CuttingProxy {
 public:
  enum class From : std::uint8_t { kEngine, kClient };
  enum class How : std::uint8_t {
    kClose,    ///< both ends see the end of the stream
    kReset,    ///< both ends see a reset
    kSwallow,  ///< both ends see nothing more: what they send is taken and thrown away
  };

  /// `engine` is host:port, with an IPv4 address.
  explicit CuttingProxy(const std::string& engine);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  /// `127.0.0.1:PORT`, for clients.
  [[nodiscard]] std::string target() const;

  /// Passes on `bytes` more bytes of one side; the connection that brings the next one is broken
  /// before it is passed on. That happens once. Replaces what was asked for before.
  void cut_after(From from, std::size_t bytes, How how = How::kClose);
  /// Ends each of the next `count` calls of clients with RST_STREAM and this HTTP/2 error code,
  /// before the engine can answer. The engine gets the calls, and does their work.
  void reset_streams(int count, std::uint32_t error_code);
  /// Breaks every connection, and each new one as soon as it is made, until `pass`.
  void black_out();
  /// Breaks nothing from here on. A connection that swallows is reset: nobody would notice it.
  void pass();

  /// Bytes of one side since the last cut_after (or the start), those that were not passed on
  /// included.
  [[nodiscard]] std::size_t bytes(From from) const;
  /// Connections that were broken by cut_after so far.
  [[nodiscard]] int cuts() const;
  /// Everything that clients sent so far, over all connections in the order of its arrival.
  [[nodiscard]] std::string sent_by_clients() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace e6::client::test
