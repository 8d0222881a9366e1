#include "tests/fuzz/beast_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <utility>

#include "feedwatch/net/ws_codec.hpp"

namespace feedwatch::fuzz {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using beast::error_code;

/// The server's side: accepts the upgrade, then sends the bytes in their chops and ends.
struct Server {
  Server(const Setting& setting_in, std::string_view bytes_in, Chops chops_in)
      : setting(setting_in), bytes(bytes_in), chops(chops_in) {}

  std::string_view next() {
    if (!answer_rest.empty()) return answer_rest;
    if (piece.empty()) piece = chops.take(bytes);
    return piece;
  }
  void taken(std::size_t n) { (answer_rest.empty() ? piece : answer_rest).remove_prefix(n); }

  void heard(std::string_view said) {
    if (!answer.empty()) return note_close(said);
    request += said;
    if (request.ends_with("\r\n\r\n")) accept();
  }

  void accept() {
    constexpr std::string_view name = "Sec-WebSocket-Key: ";
    const std::size_t at = request.find(name) + name.size();
    const std::string key = request.substr(at, request.find('\r', at) - at);
    answer = fmt::format(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: {}\r\n",
        net::websocket_accept(key));
    if (setting.deflate) {
      answer += fmt::format(
          "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits={}{}\r\n",
          setting.agreed.window_bits,
          setting.agreed.fresh_context ? "; server_no_context_takeover" : "");
    }
    answer += "\r\n";
    answer_rest = answer;
  }

  /// Frames of the client come whole and masked.
  void note_close(std::string_view said) {
    if (said.size() < 8 || said[0] != '\x88') return;
    const auto code = [&](std::size_t i) {
      return static_cast<unsigned char>(said[6 + i]) ^ static_cast<unsigned char>(said[2 + i]);
    };
    close_code = static_cast<std::uint16_t>((code(0) << 8) | code(1));
  }

  const Setting& setting;
  std::string_view bytes;
  Chops chops;
  std::string_view piece, answer_rest;
  std::string request, answer;
  std::uint16_t close_code = 0;
};

/// The stream Beast reads and writes: without a socket, and never waiting.
class MemoryStream {
 public:
  using executor_type = asio::io_context::executor_type;
  MemoryStream(asio::io_context& context, Server& server) : context_(context), server_(server) {}

  executor_type get_executor() noexcept { return context_.get_executor(); }

  template <class Buffers>
  std::size_t read_some(const Buffers& into, error_code& ec) {
    const std::string_view piece = server_.next();
    ec = {};
    if (piece.empty()) ec = asio::error::eof;
    const std::size_t n = asio::buffer_copy(into, asio::buffer(piece.data(), piece.size()));
    server_.taken(n);
    return n;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& into) {
    error_code ec;
    const std::size_t n = read_some(into, ec);
    if (ec) throw beast::system_error(ec);
    return n;
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& from, error_code& ec) {
    ec = {};
    const std::string said = beast::buffers_to_string(from);
    server_.heard(said);
    return said.size();
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& from) {
    error_code ec;
    return write_some(from, ec);
  }

  friend void teardown(beast::role_type, MemoryStream&, error_code& ec) { ec = {}; }

 private:
  asio::io_context& context_;
  Server& server_;
};

using Client = websocket::stream<MemoryStream>;

constexpr std::size_t most_buffered = 1U << 20U;

void read_all(Client& client, const Server& server, Outcome& outcome) {
  client.control_callback([&](websocket::frame_type kind, beast::string_view payload) {
    if (kind == websocket::frame_type::close) return;
    const bool ping = kind == websocket::frame_type::ping;
    outcome.frames.push_back(
        {ping ? FrameType::ping : FrameType::pong, {payload.data(), payload.size()}});
  });
  while (true) {
    // Of a compressed frame Beast would allocate what is announced, be it exabytes.
    beast::flat_buffer message(most_buffered);
    error_code ec;
    client.read(message, ec);
    if (!ec) {
      outcome.frames.push_back({client.got_text() ? FrameType::text : FrameType::binary,
                                beast::buffers_to_string(message.data())});
      continue;
    }
    if (ec == asio::error::eof) return;
    const bool closed = ec == websocket::error::closed;
    outcome.end = closed ? Outcome::End::closed : Outcome::End::refused;
    outcome.code = closed ? static_cast<std::uint16_t>(client.reason().code) : server.close_code;
    if (ec == websocket::error::buffer_overflow) outcome.code = websocket::close_code::too_big;
    if (closed && outcome.code == 0) outcome.code = 1005;
    outcome.why = ec.message();
    return;
  }
}

}  // namespace

Outcome read_with_beast(const Setting& setting, std::string_view bytes, Chops chops) {
  asio::io_context context;
  Server server(setting, bytes, chops);
  Client client(context, server);
  client.read_message_max(setting.max_message);
  websocket::permessage_deflate deflate;
  deflate.client_enable = setting.deflate;
  client.set_option(deflate);
  error_code ec;
  client.handshake("fuzz", "/", ec);
  if (ec) fail("Beast does not take the upgrade: " + ec.message());
  Outcome outcome;
  read_all(client, server, outcome);
  return outcome;
}

}  // namespace feedwatch::fuzz
