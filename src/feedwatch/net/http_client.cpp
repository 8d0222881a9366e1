#include "feedwatch/net/http_client.hpp"

#include <fmt/core.h>

#include <array>
#include <unordered_map>
#include <utility>

#include "feedwatch/net/dialer.hpp"
#include "feedwatch/net/http_codec.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/stream.hpp"

namespace feedwatch::net {
namespace {

using Outcome = std::expected<HttpResponse, std::string>;

std::string_view phase_text(DialPhase phase) {
  switch (phase) {
    case DialPhase::resolving:
      return "looking up the name";
    case DialPhase::connecting:
      return "connecting";
    case DialPhase::securing:
      return "agreeing on TLS";
    case DialPhase::upgrading:
    case DialPhase::open:
      break;
  }
  return "waiting for the answer";
}

std::expected<std::string, std::string> request_text(const HttpRequest& request, const Url& url,
                                                     const std::string& user_agent) {
  if (!is_header_name(request.method)) return std::unexpected("the method is not a token");
  std::string out = fmt::format(
      "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\n"
      "Connection: close\r\nAccept-Encoding: identity\r\n",
      request.method, url.target, url.authority(), user_agent);
  for (const auto& [name, value] : request.headers) {
    if (!is_header_name(name) || !is_header_value(value)) {
      return std::unexpected(fmt::format("header '{}' holds a character it may not", name));
    }
    out += fmt::format("{}: {}\r\n", name, value);
  }
  const bool body_expected = request.method != "GET" && request.method != "HEAD";
  if (!request.body.empty() || body_expected) {
    out += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  out += "\r\n";
  out += request.body;
  return out;
}

}  // namespace

struct HttpClient::Impl {
  class Exchange;

  Impl(Reactor& reactor_in, Resolver& resolver_in, HttpClientOptions options_in)
      : reactor(reactor_in), resolver(resolver_in), options(std::move(options_in)) {}

  Reactor& reactor;
  Resolver& resolver;
  const HttpClientOptions options;
  TlsContexts tls;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  std::uint64_t next_id = 0;
  std::uint64_t refused = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<Exchange>> exchanges;
};

/// One request and its answer. Kept by the client until finish().
class HttpClient::Impl::Exchange final : public StreamOwner,
                                         public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Impl& impl, std::uint64_t id, HttpRequest request, Done done)
      : impl_(impl),
        id_(id),
        request_(std::move(request)),
        done_(std::move(done)),
        parser_(new_parser()) {}

  void start() {
    const auto url = parse_url(request_.url);
    if (!url || url->websocket()) {
      return finish(std::unexpected(
          fmt::format("URL '{}': {}", request_.url, url ? "not http or https" : url.error())));
    }
    auto text = request_text(request_, *url, impl_.options.user_agent);
    if (!text) return finish(std::unexpected(std::move(text.error())));
    text_ = std::move(*text);
    timeout_ = impl_.reactor.make_wakeup([this](MonoTime) { time_out(); });
    timeout_->arm(impl_.reactor.clock().now() + request_.timeout);
    dialer_ = std::make_unique<Dialer>(
        impl_.reactor, impl_.resolver, impl_.tls,
        DialGoal{.url = *url, .ca_file = request_.ca_file},
        [this](DialPhase phase) { phase_ = phase; },
        [this](std::expected<std::unique_ptr<Channel>, std::string> channel) {
          on_dialled(std::move(channel));
        });
    dialer_->start();
  }

 private:
  HttpParser new_parser() const {
    return HttpParser(HttpParser::Kind::response,
                      {.headers = impl_.options.max_headers, .body = request_.max_body},
                      request_.method == "HEAD");
  }

  void on_dialled(std::expected<std::unique_ptr<Channel>, std::string> channel) {
    if (!channel) return finish(std::unexpected(std::move(channel.error())));
    phase_ = DialPhase::open;
    stream_ = std::make_unique<Stream>(impl_.reactor, std::move(*channel), *this);
    stream_->want_read(true);
    stream_->write(text_);
  }

  void on_readable() override {
    const auto self = shared_from_this();
    std::array<char, 16U << 10U> bytes;
    for (int turns = 0; turns < 16 && stream_; ++turns) {
      const IoResult r = stream_->read(bytes);
      if (r.status == IoStatus::would_block) return;
      if (r.status == IoStatus::ok) {
        buffer_.append(bytes.data(), r.bytes);
        parse();
      } else {
        on_end(r.status);
      }
    }
    if (stream_) stream_->again();
  }

  void parse() {
    while (true) {
      buffer_.erase(0, parser_.feed(buffer_));
      if (parser_.error()) return finish(std::unexpected(parser_.error()->detail));
      if (!parser_.done()) return;
      const int status = parser_.head().status;
      if (status >= 200 || status == 101) return answered();
      parser_ = new_parser();  // 1xx: the answer proper follows
    }
  }

  void on_end(IoStatus status) {
    // An end without notice may also end a body that lasts until the connection closes; but then
    // nobody can tell whether it is whole.
    if (status == IoStatus::failed) return finish(std::unexpected(stream_->error()));
    parser_.feed_end();
    if (parser_.done()) return answered();
    finish(std::unexpected(parser_.error() ? parser_.error()->detail : "connection closed"));
  }

  // A server may answer and close without having read all of the request; the answer then counts.
  void on_write_failed(const std::string& why) override {
    if (stream_ && !parser_.started()) finish(std::unexpected("sending the request: " + why));
  }

  void answered() {
    HttpMessage message = parser_.take();
    finish(HttpResponse{.status = message.status,
                        .headers = std::move(message.headers),
                        .body = std::move(message.body)});
  }

  void time_out() {
    finish(std::unexpected(fmt::format("no complete answer within {} s (still {})",
                                       to_seconds(request_.timeout), phase_text(phase_))));
  }

  void finish(Outcome outcome) {
    if (!done_) return;
    const auto self = shared_from_this();
    timeout_.reset();
    stream_.reset();
    Done done = std::exchange(done_, nullptr);
    // The dialer may be the caller: it goes with this object.
    impl_.exchanges.erase(id_);
    done(std::move(outcome));
  }

  Impl& impl_;
  const std::uint64_t id_;
  const HttpRequest request_;
  Done done_;
  HttpParser parser_;
  DialPhase phase_ = DialPhase::resolving;
  std::string text_;
  std::string buffer_;
  std::unique_ptr<Wakeup> timeout_;
  std::unique_ptr<Dialer> dialer_;
  std::unique_ptr<Stream> stream_;
};

HttpClient::HttpClient(Reactor& reactor, Resolver& resolver, HttpClientOptions options)
    : impl_(std::make_unique<Impl>(reactor, resolver, std::move(options))) {}

HttpClient::~HttpClient() = default;

void HttpClient::fetch(HttpRequest request, Done done) {
  if (impl_->exchanges.size() >= impl_->options.max_in_flight) {
    ++impl_->refused;
    impl_->reactor.defer([weak = std::weak_ptr(impl_->alive), done = std::move(done)]() mutable {
      if (!weak.expired()) done(std::unexpected("too many requests are under way"));
    });
    return;
  }
  const std::uint64_t id = impl_->next_id++;
  auto exchange = std::make_shared<Impl::Exchange>(*impl_, id, std::move(request), std::move(done));
  impl_->exchanges.emplace(id, exchange);
  impl_->reactor.defer([weak = std::weak_ptr(exchange)] {
    if (const auto self = weak.lock()) self->start();
  });
}

std::size_t HttpClient::in_flight() const {
  return impl_->exchanges.size();
}
std::uint64_t HttpClient::refused() const {
  return impl_->refused;
}

}  // namespace feedwatch::net
