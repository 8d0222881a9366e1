#include "feedwatch/sim/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace feedwatch::sim {
namespace {

constexpr std::size_t max_frames_per_read = 64;
constexpr Duration close_grace = 1s;
constexpr Duration name_lookup = 1ms;
constexpr std::size_t logged_payload = 240;

std::string_view word(FrameType type) {
  switch (type) {
    case FrameType::text:
      return "text";
    case FrameType::binary:
      return "binary";
    case FrameType::ping:
      return "ping";
    case FrameType::pong:
      return "pong";
  }
  return "unknown";
}

std::string_view word(DialPhase phase) {
  switch (phase) {
    case DialPhase::resolving:
      return "resolving";
    case DialPhase::connecting:
      return "connecting";
    case DialPhase::securing:
      return "securing";
    case DialPhase::upgrading:
      return "upgrading";
    case DialPhase::open:
      return "open";
  }
  return "unknown";
}

}  // namespace

Network::Network(Parts parts, std::uint64_t seed)
    : clock_(parts.clock), queue_(parts.queue), host_(parts.host), log_(parts.log), random_(seed) {}

void Network::add_server(std::string host_name, Server* server, Distance distance) {
  servers_.insert_or_assign(std::move(host_name), std::pair{server, distance});
}

Network::Link* Network::find(ConnId conn) {
  const auto found = links_.find(conn);
  return found == links_.end() ? nullptr : &found->second;
}

void Network::log(ConnId conn, std::string_view what) {
  log_.line(clock_.now(), "net", fmt::format("conn={} {}", conn.value, what));
}

Duration Network::travel(const Link& link) {
  return link.distance.latency + random_.between(Duration{}, link.distance.jitter);
}

MonoTime Network::down(Link& link) {
  return link.last_down = std::max(link.last_down, clock_.now() + travel(link));
}

MonoTime Network::up(Link& link) {
  return link.last_up = std::max(link.last_up, clock_.now() + travel(link));
}

/// "ws://alpha.sim/main?x" → server of "alpha.sim", target "/main?x".
Server* Network::server_of(std::string_view url, std::string& target, Distance& distance) {
  const std::size_t scheme = url.find("://");
  std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  target = std::string(rest.substr(slash));
  const auto found = servers_.find(rest.substr(0, slash));
  if (found == servers_.end()) return nullptr;
  distance = found->second.second;
  return found->second.first;
}

// ---- dialling -----------------------------------------------------------------------------------

void Network::dial(ConnId conn, const DialTarget& target) {
  ++dials_;
  log(conn, "dial " + target.url);
  Link& link = links_[conn];
  link.server = server_of(target.url, link.target, link.distance);
  arrive(conn, clock_.now(), DialPhase::resolving);
  if (link.server == nullptr) {
    arrive(conn, clock_.now() + name_lookup,
           CloseReport{.phase = DialPhase::resolving, .detail = "no such host"});
    return;
  }
  arrive(conn, clock_.now() + name_lookup, DialPhase::connecting);
  queue_.add(clock_.now() + name_lookup + travel(link), Turn::world,
             [this, conn] { connect(conn); });
}

void Network::connect(ConnId conn) {
  Link* const link = find(conn);
  if (link == nullptr || link->closing) return;
  switch (link->server->on_dial()) {
    case TcpAnswer::hang:
      return;
    case TcpAnswer::refuse:
      arrive(conn, down(*link),
             CloseReport{.phase = DialPhase::connecting, .detail = "connection refused"});
      return;
    case TcpAnswer::open:
      break;
  }
  arrive(conn, down(*link), DialPhase::upgrading);
  queue_.add(down(*link) + travel(*link), Turn::world, [this, conn] { upgrade(conn); });
}

void Network::upgrade(ConnId conn) {
  Link* const link = find(conn);
  if (link == nullptr || link->closing) return;
  const UpgradeAnswer answer = link->server->on_upgrade(conn, link->target);
  if (answer.type == UpgradeAnswer::Type::hang) return;
  if (answer.type == UpgradeAnswer::Type::refuse) {
    arrive(conn, down(*link),
           CloseReport{.phase = DialPhase::upgrading,
                       .http_status = answer.status,
                       .retry_after = answer.retry_after,
                       .detail = fmt::format("upgrade refused with {}", answer.status)});
    return;
  }
  link->accepted = true;
  arrive(conn, down(*link), DialPhase::open);
  link->server->on_open(conn);
}

// ---- from the monitor ---------------------------------------------------------------------------

void Network::client_frame(ConnId conn, FrameType type, std::string_view payload) {
  Link* const link = find(conn);
  if (link == nullptr || link->closing || link->phase != DialPhase::open) return;
  log(conn, fmt::format("send {} {}", word(type), payload.substr(0, logged_payload)));
  if (link->server->deaf(conn)) return;
  queue_.add(up(*link), Turn::world, [this, conn, type, text = std::string(payload)] {
    Link* const at = find(conn);
    if (at != nullptr && at->accepted && !at->server->deaf(conn)) {
      at->server->on_frame(conn, type, text);
    }
  });
}

void Network::send_text(ConnId conn, std::string_view text) {
  client_frame(conn, FrameType::text, text);
}
void Network::send_ping(ConnId conn, std::string_view payload) {
  client_frame(conn, FrameType::ping, payload);
}
void Network::send_pong(ConnId conn, std::string_view payload) {
  client_frame(conn, FrameType::pong, payload);
}

void Network::close(ConnId conn, std::uint16_t code) {
  Link* const link = find(conn);
  if (link == nullptr || link->closing) return;
  log(conn, fmt::format("close {}", code));
  link->closing = true;
  const CloseReport report{
      .phase = link->phase, .close_code = code, .by_us = true, .detail = "closed by us"};
  const bool answered = link->accepted && !link->server->deaf(conn);
  // Nothing to say goodbye to before the upgrade: the socket is dropped at once.
  const MonoTime gone = link->phase != DialPhase::open ? clock_.now()
                        : answered                     ? up(*link) + travel(*link)
                                                       : clock_.now() + close_grace;
  arrive(conn, gone, report);
}

void Network::abort(ConnId conn) {
  Link* const link = find(conn);
  if (link == nullptr || link->aborted) return;
  log(conn, "abort");
  link->closing = true;
  link->aborted = true;
  arrive(conn, clock_.now(),
         CloseReport{.phase = link->phase, .by_us = true, .detail = "aborted by us"});
}

// ---- from the venue -----------------------------------------------------------------------------

void Network::server_send(ConnId conn, FrameType type, std::string payload,
                          std::vector<TrueTick> truth) {
  Link* const link = find(conn);
  if (link == nullptr || !link->accepted || link->server->deaf(conn)) return;
  payload.append(frame_padding, '\0');
  arrive(conn, down(*link), Arrived{type, std::move(payload), std::move(truth)});
}

void Network::server_close(ConnId conn, std::uint16_t code) {
  Link* const link = find(conn);
  if (link == nullptr || !link->accepted || link->server->deaf(conn)) return;
  link->accepted = false;
  link->server->on_gone(conn);
  arrive(conn, down(*link),
         CloseReport{.phase = DialPhase::open, .close_code = code, .detail = "closed by the peer"});
}

void Network::server_reset(ConnId conn) {
  Link* const link = find(conn);
  if (link == nullptr || !link->accepted) return;
  link->accepted = false;
  link->server->on_gone(conn);
  arrive(conn, down(*link),
         CloseReport{.phase = link->phase, .detail = "connection reset by peer"});
}

// ---- arriving at the monitor's host -------------------------------------------------------------

void Network::arrive(ConnId conn, MonoTime at, Item item) {
  queue_.add(at, Turn::host, [this, conn, item = std::move(item)]() mutable {
    Link* const link = find(conn);
    if (link == nullptr) return;
    if (auto* const frame = std::get_if<Arrived>(&item)) {
      for (TrueTick& tick : frame->truth) tick.arrived = clock_.now();
    }
    link->inbox.push_back(std::move(item));
    if (host_.running()) drain(conn);
  });
}

void Network::drain() {
  std::vector<ConnId> conns;
  for (const auto& [conn, link] : links_) {
    if (!link.inbox.empty()) conns.push_back(conn);
  }
  for (const ConnId conn : conns) drain(conn);
}

void Network::drain(ConnId conn) {
  std::vector<Arrived> frames;
  for (Link* link = find(conn); link != nullptr && !link->inbox.empty(); link = find(conn)) {
    Item item = std::move(link->inbox.front());
    link->inbox.pop_front();
    if (auto* const frame = std::get_if<Arrived>(&item)) {
      if (!link->aborted) frames.push_back(std::move(*frame));
      const bool more =
          !link->inbox.empty() && std::holds_alternative<Arrived>(link->inbox.front());
      if (!more || frames.size() >= max_frames_per_read) read(conn, std::exchange(frames, {}));
    } else if (auto* const report = std::get_if<CloseReport>(&item)) {
      end(conn, std::move(*report));
    } else if (const DialPhase phase = std::get<DialPhase>(item); !link->closing) {
      link->phase = phase;
      log(conn, word(phase));
      sink_->on_phase(conn, phase, clock_.now());
    }
  }
}

void Network::read(ConnId conn, std::vector<Arrived> arrived) {
  if (arrived.empty()) return;
  std::vector<Frame> frames;
  const ReadStamp stamp = host_.stamp();
  for (const Arrived& frame : arrived) {
    const std::string_view payload{frame.bytes.data(), frame.bytes.size() - frame_padding};
    frames.push_back({frame.type, payload});
    log(conn, fmt::format("read {}{} {}", word(frame.type), stamp.stalled ? " stalled" : "",
                          payload.substr(0, logged_payload)));
    if (!truth_) continue;
    for (const TrueTick& tick : frame.truth) truth_(tick);
  }
  sink_->on_read(conn, frames, stamp);
}

void Network::end(ConnId conn, CloseReport report) {
  const auto found = links_.find(conn);
  Link link = std::move(found->second);
  links_.erase(found);
  if (link.accepted) link.server->on_gone(conn);
  if (link.closing) report.by_us = true;
  log(conn, "closed: " + report.detail);
  sink_->on_closed(conn, report, clock_.now());
}

// ---- REST ---------------------------------------------------------------------------------------

void Network::fetch(HttpRequest request, Done done) {
  log_.line(clock_.now(), "net", fmt::format("{} {}", request.method, request.url));
  Distance distance;
  std::string target;
  Server* const server = server_of(request.url, target, distance);
  const Duration there = distance.latency + random_.between(Duration{}, distance.jitter);
  // Shared because the request may end in one of two events: the answer or the time-out.
  const auto finish = std::make_shared<Done>(std::move(done));
  const auto deliver = [this, finish](MonoTime at,
                                      std::expected<HttpResponse, std::string> result) {
    host_.post(at,
               [finish, result = std::move(result)]() mutable { (*finish)(std::move(result)); });
  };
  if (server == nullptr)
    return deliver(clock_.now() + name_lookup, std::unexpected("no such host"));
  queue_.add(clock_.now() + there, Turn::world,
             [this, server, target, there, deliver, timeout = request.timeout] {
               auto answer = server->on_rest(target);
               if (answer) return deliver(clock_.now() + there, *std::move(answer));
               deliver(clock_.now() - there + timeout, std::unexpected("timed out"));
             });
}

}  // namespace feedwatch::sim
