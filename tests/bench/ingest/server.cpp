#include "tests/bench/ingest/server.hpp"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include "tests/bench/clocks.hpp"

namespace feedwatch::bench::ingest {
namespace {

constexpr std::size_t big_write = 256U << 10U;
constexpr std::size_t least_write = 32U << 10U;
constexpr Duration room_patience = 1ms;
constexpr Duration patience = 30s;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

/// Empty when there is no such header.
std::string header(const std::string& head, std::string_view name) {
  const std::string key = "\r\n" + std::string(name) + ":";
  const std::size_t at = lower(head).find(key);
  if (at == std::string::npos) return {};
  const std::size_t begin = head.find_first_not_of(' ', at + key.size());
  return head.substr(begin, head.find('\r', begin) - begin);
}

std::vector<venues::Instrument> instruments() {
  std::vector<venues::Instrument> all;
  for (std::size_t i = 0; i < 1000; ++i) all.push_back({.symbol = symbol(i), .trading = true});
  return all;
}

}  // namespace

Peer::Peer(net::Fd fd, const venues::VenueSide& side, SSL_CTX* tls)
    : fd_(std::move(fd)), side_(side) {
  net::set_no_delay(fd_.get());
  if (tls == nullptr) return;
  ssl_ = SSL_new(tls);
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_accept_state(ssl_);
}

Peer::~Peer() {
  SSL_free(ssl_);
}

bool Peer::read_some() {
  std::array<char, 65'536> bytes{};
  const auto n = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (n == 0) gone_ = true;
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) gone_ = true;
  if (n <= 0) return false;
  if (ssl_ == nullptr) {
    in_.append(bytes.data(), static_cast<std::size_t>(n));
    return true;
  }
  BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(n));
  for (int got = 0; (got = SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()))) > 0;) {
    in_.append(bytes.data(), static_cast<std::size_t>(got));
  }
  flush();
  return true;
}

void Peer::pump() {
  while (!gone_ && read_some()) {
    if (!open_) on_http();
    if (!open_) continue;
    std::vector<Frame> frames;
    const std::size_t size = in_.size();
    in_.append(frame_padding, '\0');
    const std::size_t used = parser_.parse(in_.data(), size, frames);
    for (const Frame& frame : frames) on_frame(frame);
    in_ = in_.substr(used, size - used);
    if (parser_.violation() || parser_.close()) gone_ = true;
  }
}

void Peer::on_http() {
  const std::size_t end = in_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::string head = in_.substr(0, end + 4);
  in_.erase(0, end + 4);
  const std::size_t begin = head.find(' ') + 1;
  const std::string target = head.substr(begin, head.find(' ', begin) - begin);
  if (!header(head, "sec-websocket-key").empty()) return upgrade(head, target);
  const std::string body = rest(target);
  send(fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                   body.empty() ? "404 Not Found" : "200 OK", body.size(), body));
}

std::string Peer::rest(std::string_view target) const {
  const auto path = side_.rest_path(target);
  if (path != venues::VenueSide::RestPath::instruments) return {};
  return side_.encode_instruments(instruments());
}

void Peer::take(const std::vector<venues::Topic>& topics) {
  topics_ += topics.size();
  for (const venues::Topic& topic : topics) symbols_.insert(topic.symbol);
}

void Peer::upgrade(const std::string& head, std::string_view target) {
  std::vector<venues::Topic> topics;
  side_.route_of(target, topics);
  take(topics);
  raw_ = target.find("/ws") != std::string_view::npos;
  open_ = true;
  send(
      fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                  net::websocket_accept(header(head, "sec-websocket-key"))));
}

void Peer::on_frame(const Frame& frame) {
  std::string answer;
  switch (frame.type) {
    case FrameType::ping:
      net::append_frame(answer, net::WsOpcode::pong, frame.payload);
      return send(answer);
    case FrameType::pong:
      pong_ = frame.payload;
      return;
    case FrameType::text:
      return on_text(frame.payload);
    case FrameType::binary:
      return;
  }
}

void Peer::on_text(std::string_view text) {
  const venues::ClientMessage message = side_.parse_client(text);
  const bool ping = message.op == venues::ClientOp::ping;
  // A client that asks for more than we model is told yes as well: it shall begin.
  take(message.topics);
  topics_ += message.invalid.size();
  std::string answer;
  for (const std::string& words :
       ping ? std::vector{side_.encode_pong(message)} : side_.encode_ack(message)) {
    net::append_frame(answer, net::WsOpcode::text, words);
  }
  send(answer);
}

void Peer::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      gone_ = true;
      throw std::runtime_error("the client went away");
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// How many bytes the client's window takes beside those on their way; waits briefly for some. What
/// is written beyond stays in our queue until the client acknowledges, and is then sent inside the
/// client's read, by its core and on its account: a cost that no client has whose venue is
/// elsewhere.
std::size_t Peer::room() const {
  const Duration limit = wall_now() + room_patience;
  for (;;) {
    tcp_info info{};
    socklen_t size = sizeof info;
    ::getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
    int unacknowledged = 0;
    ::ioctl(fd_.get(), SIOCOUTQ, &unacknowledged);
    const auto taken = static_cast<std::size_t>(unacknowledged);
    if (info.tcpi_snd_wnd >= taken + least_write) return info.tcpi_snd_wnd - taken;
    if (wall_now() > limit) return least_write;
  }
}

void Peer::seal(std::string_view bytes) {
  if (SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) <= 0) {
    throw std::runtime_error("TLS refuses to write");
  }
}

void Peer::flush() {
  char* data = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(ssl_), &data);
  if (size > 0) write_all({data, static_cast<std::size_t>(size)});
  (void)BIO_reset(SSL_get_wbio(ssl_));
}

void Peer::send(std::string_view frame) {
  if (ssl_ == nullptr) return write_all(frame);
  seal(frame);
  flush();
}

void Peer::send(const FrameBlock& block) {
  if (ssl_ == nullptr) {
    for (std::string_view rest = block.bytes(); !rest.empty();) {
      const std::size_t size = std::min({rest.size(), big_write, room()});
      write_all(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    return;
  }
  std::size_t sealed = 0;
  for (std::size_t i = 0; i < block.count(); ++i) {
    seal(block.frame(i));
    sealed += block.frame(i).size();
    if (sealed < big_write) continue;
    flush();
    sealed = 0;
  }
  flush();
}

Server::Server(std::string_view venue, const std::string& cert, const std::string& key)
    : side_(*venues::find_venue_side(venue)) {
  auto listening = net::listen_on(*net::make_endpoint("127.0.0.1", 0));
  if (!listening) throw std::runtime_error("cannot listen on loopback");
  listener_ = std::move(*listening);
  port_ = net::endpoint_port(net::local_endpoint(listener_.get()));
  if (cert.empty()) return;
  tls_ = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(tls_, cert.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls_, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("the certificate is of no use");
  }
}

Server::~Server() {
  peers_.clear();
  SSL_CTX_free(tls_);
}

void Server::pump(int milliseconds) {
  std::vector<pollfd> watched{{.fd = listener_.get(), .events = POLLIN, .revents = 0}};
  for (const auto& peer : peers_) {
    if (!peer->gone()) watched.push_back({.fd = peer->fd(), .events = POLLIN, .revents = 0});
  }
  if (::poll(watched.data(), watched.size(), milliseconds) <= 0) return;
  for (;;) {
    net::Fd accepted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!accepted) break;
    peers_.push_back(std::make_unique<Peer>(std::move(accepted), side_, tls_));
  }
  for (const auto& peer : peers_) {
    try {
      if (!peer->gone()) peer->pump();
    } catch (const std::runtime_error&) {
      if (!peer->gone()) throw;  // clients may leave
    }
  }
}

std::vector<Peer*> Server::open_peers() const {
  std::vector<Peer*> open;
  for (const auto& peer : peers_) {
    if (peer->open() && !peer->gone()) open.push_back(peer.get());
  }
  return open;
}

void Server::await(std::size_t peers, std::size_t topics) {
  const Duration limit = wall_now() + patience;
  for (;;) {
    std::size_t have = 0;
    const std::vector<Peer*> open = open_peers();
    for (const Peer* peer : open) have += peer->topics();
    if (open.size() >= peers && have >= topics) return;
    if (wall_now() > limit) {
      throw std::runtime_error(
          fmt::format("clients: {} of {}, topics: {} of {}", open.size(), peers, have, topics));
    }
    pump(20);
  }
}

}  // namespace feedwatch::bench::ingest
