#include "feedwatch/net/ws_transport.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "feedwatch/net/dialer.hpp"
#include "feedwatch/net/frame_buffer.hpp"
#include "feedwatch/net/http_codec.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/stream.hpp"
#include "feedwatch/net/ws_codec.hpp"
#include "feedwatch/net/ws_deflate.hpp"

namespace feedwatch::net {
namespace {

// A TLS read yields one record, often one small frame: the bytes bound a turn, not the reads. What
// messages take inflated counts as well, or one server that compresses a thousandfold would hold
// the loop for seconds.
constexpr std::size_t bytes_per_turn = 512U << 10U;
constexpr int reads_per_turn = 256;
constexpr std::size_t max_answer_headers = 64U << 10U;
constexpr std::uint16_t normal_closure = 1000;

std::string upgrade_request(const Url& url, const std::string& key, const std::string& agent,
                            bool deflate) {
  std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\nUser-Agent: {}\r\n",
      url.target, url.authority(), key, agent);
  if (deflate) request += fmt::format("Sec-WebSocket-Extensions: {}\r\n", deflate_offer());
  return request + "\r\n";
}

std::size_t message_limit(const DialTarget& target, const WsTransportOptions& options) {
  if (target.max_message == 0) return options.max_message;
  return std::min(target.max_message, options.max_message);
}

}  // namespace

struct WsTransport::Impl {
  class Conn;

  Impl(Reactor& reactor_in, Resolver& resolver_in, FrameSink& sink_in,
       WsTransportOptions options_in)
      : reactor(reactor_in), resolver(resolver_in), sink(sink_in), options(std::move(options_in)) {}

  std::shared_ptr<Conn> find(ConnId id) const {
    const auto found = conns.find(id);
    return found == conns.end() ? nullptr : found->second;
  }

  Reactor& reactor;
  Resolver& resolver;
  FrameSink& sink;
  const WsTransportOptions options;
  TlsContexts tls;
  std::unordered_map<ConnId, std::shared_ptr<Conn>> conns;
  /// Told to the owner as closed, waiting briefly for the peer to take our close frame.
  std::unordered_set<std::shared_ptr<Conn>> lingering;
};

/// One connection: dialling → upgrading → open → closing, and over once the sink has been told.
class WsTransport::Impl::Conn final : public StreamOwner,
                                      public std::enable_shared_from_this<Conn> {
 public:
  Conn(Impl& impl, ConnId id, DialTarget target)
      : impl_(impl),
        id_(id),
        target_(std::move(target)),
        parser_(WsRole::client, message_limit(target_, impl.options)),
        buffer_(impl.options.read_buffer) {}

  void start() {
    const auto url = parse_url(target_.url);
    if (!url || !url->websocket()) {
      end(fmt::format("URL '{}': {}", target_.url, url ? "not ws or wss" : url.error()));
      return;
    }
    url_ = *url;
    dialer_ = std::make_unique<Dialer>(
        impl_.reactor, impl_.resolver, impl_.tls, DialGoal{.url = url_, .ca_file = target_.ca_file},
        [this](DialPhase phase) { enter(phase); },
        [this](std::expected<std::unique_ptr<Channel>, std::string> channel) {
          on_dialled(std::move(channel));
        });
    dialer_->start();
  }

  void send(WsOpcode opcode, std::string_view payload) {
    if (state_ != State::open) return;
    if (stream_->queued() + payload.size() > impl_.options.max_write_queue) {
      drop(fmt::format("write queue is full ({} bytes): the peer does not read", stream_->queued()),
           false);
      return;
    }
    out_.clear();
    append_frame(out_, opcode, payload, random_mask());
    stream_->write(out_);
  }

  void close(std::uint16_t code) {
    if (state_ == State::closing || state_ == State::over) return;
    if (state_ != State::open) {
      drop("closed before it was open", true);
      return;
    }
    closed_by_us_ = true;
    send_close(code, {});
    state_ = State::closing;
    limit_closing();
  }

  void abort() {
    if (state_ != State::over) drop("dropped", true);
  }

 private:
  enum class State : std::uint8_t { dialling, upgrading, open, closing, over };

  MonoTime now() const { return impl_.reactor.clock().now(); }

  void enter(DialPhase phase) {
    if (state_ == State::over) return;
    phase_ = phase;
    impl_.sink.on_phase(id_, phase, now());
  }

  void on_dialled(std::expected<std::unique_ptr<Channel>, std::string> channel) {
    const auto self = shared_from_this();
    if (state_ != State::dialling) return;
    if (!channel) {
      end(std::move(channel.error()));
      return;
    }
    stream_ = std::make_unique<Stream>(impl_.reactor, std::move(*channel), *this);
    state_ = State::upgrading;
    enter(DialPhase::upgrading);
    if (state_ != State::upgrading) return;
    key_ = websocket_key();
    stream_->write(upgrade_request(url_, key_, impl_.options.user_agent, target_.offer_deflate));
    if (stream_) stream_->want_read(true);
  }

  // --- reading --------------------------------------------------------------------------------

  void on_readable() override {
    const auto self = shared_from_this();
    std::size_t bytes = 0;
    if (unparsed_) on_frames(*unparsed_, bytes);
    for (int reads = 0; reads < reads_per_turn && bytes < bytes_per_turn && stream_; ++reads) {
      const IoResult r = stream_->read(buffer_.room(parser_.needed()));
      if (r.status == IoStatus::would_block) {
        stamper_.on_empty();
        if (!write_error_.empty()) lost(write_error_);
        return;
      }
      if (r.status != IoStatus::ok) {
        lost(r.status == IoStatus::closed ? "connection closed by the peer" : stream_->error());
        return;
      }
      bytes += r.bytes;
      buffer_.added(r.bytes);
      const ReadStamp stamp =
          stamper_.on_bytes(r.bytes, impl_.reactor.poll_clock(), impl_.reactor.anchor(), now());
      if (state_ == State::upgrading) on_answer();
      if (state_ == State::open || state_ == State::closing) on_frames(stamp, bytes);
      if (state_ == State::over) buffer_.clear();
    }
    if (!stream_) return;
    const MonoTime looked = now();  // before counting: what comes between is counted, not missed
    stamper_.on_backlog(stream_->waiting(), looked);
    stream_->again();
  }

  void on_answer() {
    while (state_ == State::upgrading) {
      buffer_.consumed(answer_.feed({buffer_.data(), buffer_.size()}));
      if (answer_.error()) return end("upgrade: " + answer_.error()->detail);
      if (!answer_.done()) return;
      const HttpMessage message = answer_.take();
      const bool interim = message.status >= 100 && message.status < 200 && message.status != 101;
      if (!interim) return on_final_answer(message);
      answer_ = new_answer();
    }
  }

  void on_final_answer(const HttpMessage& message) {
    if (message.status != 101) return refused(message);
    if (const char* wrong = wrong_with(message); wrong != nullptr) {
      return end(fmt::format("upgrade: {}", wrong));
    }
    if (target_.offer_deflate) {
      const auto agreed = deflate_answer(message);
      if (!agreed) return end(fmt::format("upgrade: {}", agreed.error()));
      if (*agreed) parser_.inflate(**agreed);
    }
    state_ = State::open;
    enter(DialPhase::open);
  }

  void refused(const HttpMessage& message) {
    CloseReport report;
    report.http_status = message.status;
    // The server's own clock, where it tells it, is the better one for its own dates.
    const WallTime wall =
        parse_http_date(message.header("date")).value_or(impl_.reactor.anchor().at(now()));
    report.retry_after = parse_retry_after(message.header("retry-after"), wall);
    report.detail =
        fmt::format("upgrade refused: HTTP {} {}", message.status, reason_phrase(message.status));
    tell(std::move(report));
  }

  const char* wrong_with(const HttpMessage& message) const {
    if (!message.has_token("upgrade", "websocket")) return "answer without 'Upgrade: websocket'";
    if (!message.has_token("connection", "upgrade")) return "answer without 'Connection: Upgrade'";
    if (message.header("sec-websocket-accept") != websocket_accept(key_)) {
      return "Sec-WebSocket-Accept does not fit our key";
    }
    if (!target_.offer_deflate && !message.header("sec-websocket-extensions").empty()) {
      return "answer with an extension nobody asked for";
    }
    if (!message.header("sec-websocket-protocol").empty()) {
      return "answer with a subprotocol nobody asked for";
    }
    return nullptr;
  }

  /// Adds what was inflated to the `bytes` of this turn. When those are spent, the rest waits for
  /// the next one, and nothing is read before it.
  void on_frames(ReadStamp stamp, std::size_t& bytes) {
    unparsed_.reset();
    do {
      frames_.clear();
      const std::size_t used = parser_.parse(buffer_.data(), buffer_.size(), frames_);
      // After our close() the owner has said good-bye: only the peer's answer still matters.
      if (!frames_.empty() && state_ == State::open) impl_.sink.on_read(id_, frames_, stamp);
      buffer_.consumed(used);
      if (state_ == State::over) return;
      bytes += parser_.built();
      if (parser_.more() && bytes >= bytes_per_turn) {
        unparsed_ = stamp;
        return;
      }
    } while (parser_.more());
    if (parser_.violation()) {
      on_violation();
    } else if (parser_.close()) {
      on_peer_close();
    }
  }

  void on_violation() {
    const WsViolation& violation = *parser_.violation();
    CloseReport report;
    report.by_us = closed_by_us_;
    report.detail = fmt::format("protocol violation ({}): {}", violation.code, violation.detail);
    if (state_ == State::open) send_close(violation.code, violation.detail);
    linger();
    tell(std::move(report));
  }

  void on_peer_close() {
    const WsClose& close = *parser_.close();
    CloseReport report;
    report.close_code = close.code;
    report.by_us = closed_by_us_;
    report.detail = close.code ? fmt::format("closed by the peer with {}", *close.code)
                               : "closed by the peer without a code";
    if (closed_by_us_) report.detail = "closed by us and answered";
    if (!close.reason.empty()) report.detail += ": " + close.reason;
    if (state_ == State::open) {
      send_close(close.code.value_or(normal_closure), {});
      linger();
    }
    tell(std::move(report));
  }

  void on_write_failed(const std::string& why) override {
    // What the peer sent before it went is still worth reading; the read will find the end.
    write_error_ = why.empty() ? "writing failed" : why;
    stream_->again();
  }

  // --- ending ---------------------------------------------------------------------------------

  void send_close(std::uint16_t code, std::string_view reason) {
    out_.clear();
    append_close(out_, code, reason, random_mask());
    stream_->write(out_);
  }

  /// Leaves the socket open for a moment, so that the kernel does not reset it over unread bytes
  /// before the peer has seen our close frame. Bounded by the close limit.
  void linger() {
    lingering_ = true;
    impl_.lingering.insert(shared_from_this());
    if (stream_->queued() == 0) stream_->shutdown_write();
    limit_closing();
  }

  void on_drained() override {
    if (lingering_) stream_->shutdown_write();
  }

  void limit_closing() {
    limit_ = impl_.reactor.make_wakeup([this](MonoTime) {
      const auto self = shared_from_this();
      if (lingering_) {
        drop_socket();
      } else {
        end("closed by us, not answered in time");
      }
    });
    limit_->arm(now() + impl_.options.close_limit);
  }

  void drop_socket() {
    const auto self = shared_from_this();
    stream_.reset();
    limit_.reset();
    impl_.lingering.erase(self);
  }

  void lost(const std::string& why) {
    if (lingering_) return drop_socket();
    end(state_ == State::upgrading ? "upgrade: " + why : why);
  }

  void end(std::string detail) {
    CloseReport report;
    report.by_us = closed_by_us_;
    report.detail = std::move(detail);
    tell(std::move(report));
  }

  /// From inside a Transport call: the socket goes now, the sink is told later.
  void drop(std::string detail, bool by_us) {
    CloseReport report;
    report.by_us = by_us;
    report.detail = std::move(detail);
    report.phase = phase_;
    state_ = State::over;
    stream_.reset();
    limit_.reset();
    retire_dialer();
    impl_.reactor.defer([weak = weak_from_this(), report = std::move(report)] {
      if (const auto self = weak.lock()) self->deliver(report);
    });
  }

  /// The last word to the sink, from the loop.
  void tell(CloseReport report) {
    if (state_ == State::over) return;
    const auto self = shared_from_this();
    report.phase = phase_;
    state_ = State::over;
    if (!lingering_) {
      stream_.reset();
      limit_.reset();
    }
    retire_dialer();
    deliver(report);
  }

  void deliver(const CloseReport& report) {
    const auto self = shared_from_this();
    impl_.conns.erase(id_);
    impl_.sink.on_closed(id_, report, now());
  }

  /// It may be the one that is calling: it goes later, and we with it, for it still refers to us.
  void retire_dialer() {
    if (!dialer_) return;
    impl_.reactor.defer([self = shared_from_this(), dialer = std::move(dialer_)] {});
  }

  static HttpParser new_answer() {
    return HttpParser(HttpParser::Kind::response, {.headers = max_answer_headers, .body = 0}, true);
  }

  Impl& impl_;
  const ConnId id_;
  const DialTarget target_;
  Url url_;
  State state_ = State::dialling;
  DialPhase phase_ = DialPhase::resolving;
  bool closed_by_us_ = false;
  bool lingering_ = false;
  std::string write_error_;
  std::string key_;
  std::unique_ptr<Dialer> dialer_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Wakeup> limit_;
  HttpParser answer_ = new_answer();
  WsParser parser_;
  FrameBuffer buffer_;
  SocketStamper stamper_;
  std::optional<ReadStamp> unparsed_;  ///< frames are left in the buffer, of a read with this stamp
  std::vector<Frame> frames_;
  std::string out_;
};

WsTransport::WsTransport(Reactor& reactor, Resolver& resolver, FrameSink& sink,
                         WsTransportOptions options)
    : impl_(std::make_unique<Impl>(reactor, resolver, sink, std::move(options))) {}

WsTransport::~WsTransport() = default;

void WsTransport::dial(ConnId conn, const DialTarget& target) {
  auto made = std::make_shared<Impl::Conn>(*impl_, conn, target);
  if (!impl_->conns.emplace(conn, made).second) return;
  impl_->reactor.defer([weak = std::weak_ptr(made)] {
    if (const auto self = weak.lock()) self->start();
  });
}

void WsTransport::send_text(ConnId conn, std::string_view text) {
  if (const auto found = impl_->find(conn)) found->send(WsOpcode::text, text);
}

void WsTransport::send_ping(ConnId conn, std::string_view payload) {
  if (const auto found = impl_->find(conn)) {
    found->send(WsOpcode::ping, payload.substr(0, max_control_payload));
  }
}

void WsTransport::send_pong(ConnId conn, std::string_view payload) {
  if (const auto found = impl_->find(conn)) {
    found->send(WsOpcode::pong, payload.substr(0, max_control_payload));
  }
}

void WsTransport::close(ConnId conn, std::uint16_t code) {
  if (const auto found = impl_->find(conn)) found->close(code);
}

void WsTransport::abort(ConnId conn) {
  if (const auto found = impl_->find(conn)) found->abort();
}

std::size_t WsTransport::connections() const {
  return impl_->conns.size();
}

}  // namespace feedwatch::net
