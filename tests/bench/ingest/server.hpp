#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "feedwatch/net/socket.hpp"
#include "feedwatch/net/ws_codec.hpp"
#include "feedwatch/venues/venue.hpp"
#include "tests/bench/ingest/shapes.hpp"

namespace feedwatch::bench::ingest {

/// One client of the blaster. Sends block until the kernel has taken everything; reading never
/// does. Throws std::runtime_error when the client is gone.
class Peer {
 public:
  Peer(net::Fd fd, const venues::VenueSide& side, SSL_CTX* tls);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// Reads what is there and answers it: REST, the upgrade, requests, pings.
  void pump();
  bool open() const { return open_; }  ///< the upgrade is done
  bool gone() const { return gone_; }
  std::size_t topics() const { return topics_; }  ///< acknowledged, or named in the URL
  /// Has asked for something of this symbol.
  bool wants(const std::string& symbol) const { return symbols_.contains(symbol); }
  bool raw() const { return raw_; }  ///< dialled a path without stream envelopes
  const std::string& pong() const { return pong_; }
  int fd() const { return fd_.get(); }

  /// Plain: as it stands. TLS: one record.
  void send(std::string_view frame);
  /// All frames of the block in big writes; over TLS each in a record of its own.
  void send(const FrameBlock& block);

 private:
  bool read_some();
  void on_http();
  void on_frame(const Frame& frame);
  void on_text(std::string_view text);
  void take(const std::vector<venues::Topic>& topics);
  void upgrade(const std::string& head, std::string_view target);
  std::string rest(std::string_view target) const;
  void seal(std::string_view bytes);
  void flush();
  void write_all(std::string_view bytes);
  std::size_t room() const;

  net::Fd fd_;
  const venues::VenueSide& side_;
  SSL* ssl_ = nullptr;
  std::string in_;
  net::WsParser parser_{net::WsRole::server, 1U << 20U};
  bool open_ = false;
  bool gone_ = false;
  bool raw_ = false;
  std::size_t topics_ = 0;
  std::unordered_set<std::string> symbols_;
  std::string pong_;
};

/// The blaster: a venue that acknowledges everything and sends what it is told to.
class Server {
 public:
  /// With certificates: TLS.
  Server(std::string_view venue, const std::string& cert, const std::string& key);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const { return port_; }
  /// Accepts, reads and answers; waits at most so long for something to do.
  void pump(int milliseconds);
  /// Upgraded and not gone, oldest first.
  std::vector<Peer*> open_peers() const;
  /// Waits until so many peers have so many topics altogether. Throws when that takes too long.
  void await(std::size_t peers, std::size_t topics);

 private:
  const venues::VenueSide& side_;
  SSL_CTX* tls_ = nullptr;
  net::Fd listener_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace feedwatch::bench::ingest
