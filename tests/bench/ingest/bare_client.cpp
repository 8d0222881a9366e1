// Bare loops: one socket, big reads, nothing that could be left out.
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "feedwatch/net/socket.hpp"
#include "feedwatch/net/ws_codec.hpp"
#include "tests/bench/ingest/bare_sink.hpp"
#include "tests/bench/ingest/client.hpp"

namespace feedwatch::bench::ingest {

std::string dial_target(Shape shape) {
  const std::string_view venue = facts(shape).venue;
  return venue == "binance-usdm" ? "/public/stream?streams=s000usdt@bookTicker"
                                 : "/v5/public/linear";
}

namespace {

constexpr std::size_t buffer_size = 256U << 10U;

/// A blocking connection, plain or TLS with read-ahead.
class Line {
 public:
  explicit Line(const ClientOptions& options) : flags_(options.busy ? MSG_DONTWAIT : 0) {
    const auto to = net::make_endpoint("127.0.0.1", options.port);
    fd_ = net::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to->storage), to->size) != 0) {
      throw std::runtime_error("cannot connect");
    }
    net::set_no_delay(fd_.get());
    if (!options.ca_file.empty()) secure(options.ca_file);
  }

  std::size_t read(char* into, std::size_t size) {
    if (ssl_ != nullptr) return checked(SSL_read(ssl_, into, static_cast<int>(size)));
    for (;;) {
      const auto n = ::recv(fd_.get(), into, size, flags_);
      if (n < 0 && errno == EAGAIN) continue;  // busy
      return checked(n);
    }
  }

  void write(std::string_view bytes) {
    const auto n = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                   : ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    checked(n);
  }

 private:
  static std::size_t checked(ssize_t n) {
    if (n <= 0) std::_Exit(0);  // the blaster has had enough
    return static_cast<std::size_t>(n);
  }

  void secure(const std::string& ca_file) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_load_verify_file(context, ca_file.c_str());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, 64U << 10U);
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd_.get());
    if (SSL_connect(ssl_) != 1) throw std::runtime_error("no TLS");
  }

  int flags_;
  net::Fd fd_;
  SSL* ssl_ = nullptr;
};

void upgrade(Line& line, Shape shape) {
  line.write(fmt::format(
      "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n\r\n",
      dial_target(shape), net::websocket_key()));
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    char c = 0;
    line.read(&c, 1);
    answer.push_back(c);
  }
}

struct Header {
  std::size_t size = 0;  ///< 0: not all there
  std::size_t length = 0;
  unsigned opcode = 0;
};

Header header(const char* data, std::size_t size) {
  const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(data[i])}; };
  if (size < 4) return {};
  Header found{.size = 2, .length = byte(1), .opcode = static_cast<unsigned>(byte(0) & 15U)};
  if (found.length == 126) {
    found.size = 4;
    found.length = byte(2) << 8U | byte(3);
  } else if (found.length == 127) {
    throw std::runtime_error("no message of a venue is so long");
  }
  return found;
}

void answer_ping(Line& line, std::string_view payload) {
  std::string pong;
  net::append_frame(pong, net::WsOpcode::pong, payload, net::random_mask());
  line.write(pong);
}

template <class Parse>
int run(const ClientOptions& options, Parse parse) {
  Line line(options);
  upgrade(line, options.shape);
  BareSink sink;
  Latencies latencies(options.latencies);
  const bool two = options.shape == Shape::mark_price;
  std::string buffer(buffer_size + frame_padding, '\0');
  std::size_t end = 0;
  for (;;) {
    end += line.read(buffer.data() + end, buffer_size - end);
    const MonoTime now = boot_now();
    std::size_t begin = 0;
    while (begin < end) {
      const Header found = header(buffer.data() + begin, end - begin);
      if (found.size == 0 || end - begin < found.size + found.length) break;
      const std::string_view payload(buffer.data() + begin + found.size, found.length);
      begin += found.size + found.length;
      if (found.opcode == 9) {
        answer_ping(line, payload);
        continue;
      }
      const BareFields fields = parse(payload);
      sink.take(fields, now, two);
      if (options.latencies > 0) latencies.take(fields.price);
    }
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    end -= begin;
    if (latencies.complete()) break;
  }
  latencies.print();
  return 0;
}

}  // namespace

int run_bare_simdjson(const ClientOptions& options) {
  simdjson::ondemand::parser parser;
  return run(options, [&](std::string_view text) {
    return fields_by_simdjson(parser, text, options.shape);
  });
}

int run_bare_scan(const ClientOptions& options) {
  return run(options, [&](std::string_view text) { return fields_by_hand(text, options.shape); });
}

}  // namespace feedwatch::bench::ingest
