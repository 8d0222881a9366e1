#include "feedwatch/exchange/exchange.hpp"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "feedwatch/exchange/control_view.hpp"
#include "feedwatch/exchange/fault_parse.hpp"
#include "feedwatch/exchange/price_model.hpp"
#include "feedwatch/exchange/replay.hpp"

namespace feedwatch::exchange {
namespace {

/// Whole seconds, rounded up: a client that obeys must not come too early.
std::string retry_after_text(Duration wait) {
  const auto seconds = (to_ns(wait) + 999'999'999) / 1'000'000'000;
  return std::to_string(seconds);
}

net::Response json_response(int status, std::string body) {
  return {
      .status = status, .headers = {{"content-type", "application/json"}}, .body = std::move(body)};
}

net::Response problem(int status, std::string_view title, const Error& error) {
  return {.status = status,
          .headers = {{"content-type", "application/problem+json"}},
          .body = problem_json(status, title, error)};
}

bool is_loopback(std::string_view peer) {
  return peer.starts_with("127.") || peer.starts_with("[::1]") || peer.starts_with("::1") ||
         peer.starts_with("[::ffff:127.");
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

/// An address as it stands in a URL.
std::string host_of(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

std::vector<std::string> symbols_of(const Options& options) {
  if (!options.symbols.empty()) return options.symbols;
  return {"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT"};
}

}  // namespace

Exchange::Exchange(net::Reactor& reactor, const Options& options)
    : reactor_(reactor), address_(options.address), tls_(!options.cert_file.empty()) {}

Exchange::~Exchange() = default;

Result<std::unique_ptr<Exchange>> Exchange::start(net::Reactor& reactor, const Options& options) {
  auto exchange = std::unique_ptr<Exchange>(new Exchange(reactor, options));
  if (auto opened = exchange->open(options); !opened) return std::unexpected(opened.error());
  if (auto listening = exchange->listen(options); !listening) {
    return std::unexpected(listening.error());
  }
  for (const FaultSpec& fault : options.faults) {
    if (auto added = exchange->add_fault(fault); !added) return std::unexpected(added.error());
  }
  exchange->arm();
  return exchange;
}

Result<void> Exchange::open(const Options& options) {
  const venues::VenueSide* side = venues::find_venue_side(options.venue);
  const venues::Venue* venue = venues::find_venue(options.venue);
  if (side == nullptr || venue == nullptr) {
    return std::unexpected(Error{"venue", "there is no venue \"" + options.venue + "\"",
                                 fmt::format("one of {}", fmt::join(venues::venue_names(), ", "))});
  }
  auto market = std::make_unique<Market>();
  std::unique_ptr<MarketSource> source;
  const MonoTime start = now();
  if (options.replay.empty()) {
    source = std::make_unique<PriceModel>(
        *market, symbols_of(options),
        PriceModel::Options{.seed = options.seed, .updates_per_second = options.rate},
        reactor_.anchor(), start);
  } else {
    auto replay =
        Replay::open(*market, *venue, open_capture(options.replay, *side),
                     {.speed = options.speed, .loop = options.loop, .restamp = options.restamp},
                     reactor_.anchor());
    if (!replay) return std::unexpected(replay.error());
    source = std::move(*replay);
  }
  DeskOptions desk{.side = side,
                   .enforce_limits = options.enforce_limits,
                   .ban = options.ban,
                   .server_ping = options.server_ping,
                   .idle_limit = options.idle_limit};
  // Bybit names the topic it does not know; Binance acknowledges anything and stays silent.
  desk.refuse_unknown_symbols = options.venue.starts_with("bybit");
  DeskPort& port = *this;  // private: only the desk may speak for a connection
  desk_ = std::make_unique<Desk>(desk, port, std::move(market), std::move(source),
                                 reactor_.anchor(), start);
  wakeup_ = reactor_.make_wakeup([this](MonoTime at) {
    desk_->on_time(at);
    arm();
  });
  return {};
}

Result<void> Exchange::listen(const Options& options) {
  net::HttpServerOptions server{.address = options.address, .port = options.port};
  server.cert_file = options.cert_file;
  server.key_file = options.key_file;
  net::HttpHandlers handlers;
  handlers.on_request = [this](net::Request request, net::Responder respond) {
    on_request(std::move(request), std::move(respond));
  };
  handlers.on_upgrade = [this](const net::Request& request) { return on_upgrade(request); };
  auto listening = net::HttpServer::listen(reactor_, std::move(server), std::move(handlers));
  if (!listening) return std::unexpected(listening.error());
  server_ = std::move(*listening);
  return {};
}

std::string Exchange::ws_url() const {
  return fmt::format("{}://{}:{}", tls_ ? "wss" : "ws", host_of(address_), port());
}

std::string Exchange::rest_url() const {
  return fmt::format("{}://{}:{}", tls_ ? "https" : "http", host_of(address_), port());
}

void Exchange::arm() {
  const MonoTime next = desk_->next_deadline();
  if (next == never_mono) {
    wakeup_->disarm();
  } else {
    wakeup_->arm(next);
  }
}

Result<FaultId> Exchange::add_fault(FaultSpec spec) {
  if (auto known = check_fault(spec, desk_->side(), desk_->market()); !known) {
    return std::unexpected(known.error());
  }
  auto id = desk_->add_fault(std::move(spec), now());
  arm();
  return id;
}

bool Exchange::clear_fault(FaultId id) {
  const bool found = desk_->clear_fault(id, now());
  arm();
  return found;
}

std::size_t Exchange::clear_all_faults() {
  const std::size_t count = desk_->clear_all_faults(now());
  arm();
  return count;
}

// ---- clients ------------------------------------------------------------------------------------

net::UpgradeDecision Exchange::on_upgrade(const net::Request& request) {
  Desk::Dial dial = desk_->on_dial(request.target, now());
  arm();
  if (!dial.route) return json_response(404, "{}");
  using Action = DialVerdict::Action;
  if (dial.verdict.action == Action::ignore) return net::NeverAnswer{};
  if (dial.verdict.action == Action::refuse) {
    net::Response refusal = json_response(dial.verdict.status, "{}");
    if (dial.verdict.retry_after) {
      refusal.headers.emplace_back("retry-after", retry_after_text(*dial.verdict.retry_after));
    }
    return refusal;
  }
  return net::AcceptUpgrade{[this, dial = std::move(dial)](std::shared_ptr<net::WsConnection> ws) {
    on_open(dial, std::move(ws));
  }};
}

void Exchange::on_open(const Desk::Dial& dial, std::shared_ptr<net::WsConnection> connection) {
  net::WsConnection& ws = *connection;
  ws.auto_pong(false);
  // Registered first: the desk may send at once to topics named in the URL.
  const PeerId id = desk_->next_peer();
  connections_.emplace(id, std::move(connection));
  ws.on_text = [this, id](std::string_view text) {
    desk_->on_text(id, text, now());
    arm();
  };
  ws.on_ping = [this, id](std::string_view payload) {
    desk_->on_ping(id, payload, now());
    arm();
  };
  ws.on_pong = [this, id](std::string_view) {
    desk_->on_pong(id, now());
    arm();
  };
  ws.on_close = [this, id](std::optional<std::uint16_t>, const std::string&) {
    desk_->on_closed(id, now());
    arm();
    connections_.erase(id);  // last: it may be what keeps this callback alive
  };
  desk_->on_open(dial, ws.peer(), now());
  arm();
}

net::WsConnection* Exchange::find(PeerId peer) {
  const auto at = connections_.find(peer);
  return at == connections_.end() ? nullptr : at->second.get();
}

bool Exchange::send_text(PeerId peer, std::string_view text) {
  net::WsConnection* ws = find(peer);
  // What goes to a connection that is closing is lost, which is not the client's fault.
  return ws == nullptr || !ws->open() || ws->send_text(text);
}

void Exchange::send_ping(PeerId peer) {
  if (net::WsConnection* ws = find(peer)) ws->send_ping("feedwatch");
}

void Exchange::send_pong(PeerId peer, std::string_view payload) {
  if (net::WsConnection* ws = find(peer)) ws->send_pong(payload);
}

void Exchange::close(PeerId peer, std::uint16_t code, std::string_view reason) {
  if (net::WsConnection* ws = find(peer)) ws->close(code, reason);
}

void Exchange::pause(PeerId peer, bool paused) {
  if (net::WsConnection* ws = find(peer)) ws->pause(paused);
}

void Exchange::reset(PeerId peer) {
  if (net::WsConnection* ws = find(peer)) ws->reset();
}

// ---- REST and control ---------------------------------------------------------------------------

void Exchange::on_request(net::Request request, net::Responder respond) {
  if (path_of(request.target) == "/control") return respond(control(request));
  if (request.method != "GET" && request.method != "HEAD") {
    return respond(problem(405, "Method Not Allowed", {"method", "only GET here", ""}));
  }
  const RestAnswer answer = desk_->on_rest(request.target, now());
  arm();
  net::Response response = json_response(answer.status, answer.status == 200 ? answer.body : "{}");
  if (answer.retry_after) {
    response.headers.emplace_back("retry-after", retry_after_text(*answer.retry_after));
  }
  respond(std::move(response));
}

net::Response Exchange::control(const net::Request& request) {
  if (!is_loopback(request.peer)) {
    return problem(403, "Forbidden",
                   {"control", "only from this machine", "use a loopback address"});
  }
  if (!request.header("origin").empty()) {
    return problem(403, "Forbidden", {"control", "not from a web page", "use a program"});
  }
  if (request.method == "GET" || request.method == "HEAD") {
    return json_response(200, control_json(*desk_, now()));
  }
  if (request.method != "POST") {
    return problem(405, "Method Not Allowed", {"method", "only GET and POST here", ""});
  }
  return command(request);
}

net::Response Exchange::command(const net::Request& request) {
  auto parsed = parse_control(request.body);
  if (!parsed) return problem(400, "Bad Request", parsed.error());
  if (const auto* clear = std::get_if<ClearFaults>(&*parsed)) {
    if (!clear->id)
      return json_response(200, fmt::format(R"({{"cleared":{}}})", clear_all_faults()));
    if (clear_fault(*clear->id)) return json_response(200, R"({"cleared":1})");
    return problem(
        404, "Not Found",
        {"clear", fmt::format("no fault {} stands", clear->id->value), "GET /control lists them"});
  }
  const auto id = add_fault(std::get<FaultSpec>(std::move(*parsed)));
  if (!id) return problem(400, "Bad Request", id.error());
  return json_response(200, fmt::format(R"({{"id":{}}})", id->value));
}

}  // namespace feedwatch::exchange
