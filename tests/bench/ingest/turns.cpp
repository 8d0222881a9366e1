#include "tests/bench/ingest/turns.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <stdexcept>

#include "feedwatch/net/tests/certificates.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/ingest/bare_sink.hpp"
#include "tests/bench/ingest/child.hpp"
#include "tests/bench/ingest/server.hpp"

namespace feedwatch::bench::ingest {
namespace {

constexpr int blaster_core = 0;
constexpr int client_core = 1;
constexpr Duration measured = 700ms;
constexpr Duration patience = 30s;

/// Just-in-time compilers need their time.
bool interpreted(Client client) {
  return client == Client::ws || client == Client::ccxt || client == Client::python;
}
bool subscribes(Client client) {
  return client == Client::product || client == Client::ccxt;
}

const net::testing::Certificates& certificates() {
  static const net::testing::Certificates made("IP:127.0.0.1");
  return made;
}

const char* role_of(Client client) {
  switch (client) {
    case Client::product:
      return "product";
    case Client::simdjson:
      return "simdjson";
    case Client::scan:
      return "scan";
    case Client::beast:
      return "beast";
    default:
      return "";
  }
}

std::vector<std::string> peer_command(Client client, const Load& load, std::uint16_t port) {
  const std::string folder = FEEDWATCH_PEERS "/";
  const std::string shape(facts(load.shape).name);
  const std::string at = std::to_string(port);
  switch (client) {
    case Client::ws:
      return {"node", folder + "ws.js", at, shape};
    case Client::ccxt:
      return {"node", folder + "ccxt.js", at, shape};
    default:
      return {"/usr/bin/python3", folder + "websockets_client.py", at, shape};
  }
}

/// The blaster, one client, and what they are about.
class Turn {
 public:
  Turn(Client client, const Load& load, const std::vector<std::string>& more = {})
      : load_(load),
        server_(facts(load.shape).venue, load.tls ? certificates().cert() : std::string{},
                load.tls ? certificates().key() : std::string{}),
        child_(command(client, more), client_core) {
    stay_on_core(blaster_core);
  }

  Server& server() { return server_; }
  const Child& child() const { return child_; }

  /// The one connection, once it is to be sent to.
  Peer& ready(Client client) {
    server_.await(1, subscribes(client) ? symbol_count : 0);
    return *server_.open_peers().front();
  }

  /// Until the client has taken everything sent before: it answers our ping.
  void settle(Peer& peer) {
    const std::string name = fmt::format("settled {}", ++pings_);
    std::string ping;
    net::append_frame(ping, net::WsOpcode::ping, name);
    peer.send(ping);
    const Duration limit = wall_now() + patience;
    while (peer.pong() != name) {
      server_.pump(1);
      if (peer.gone() || wall_now() > limit) throw std::runtime_error("the client hangs");
    }
  }

  /// Sends for so long; returns how many messages that were.
  std::size_t blast(Peer& peer, FrameBlock& block, Duration time) {
    std::size_t sent = 0;
    const Duration end = wall_now() + time;
    do {
      block.renew(WallTime{read(CLOCK_REALTIME)});
      peer.send(block);
      sent += block.count();
      server_.pump(0);
    } while (wall_now() < end);
    settle(peer);
    return sent;
  }

 private:
  std::vector<std::string> command(Client client, const std::vector<std::string>& more) const {
    if (interpreted(client)) return peer_command(client, load_, server_.port());
    std::vector<std::string> words{"/proc/self/exe", fmt::format("--client={}", role_of(client)),
                                   fmt::format("--port={}", server_.port()),
                                   fmt::format("--shape={}", facts(load_.shape).name),
                                   "--folder=" + folder_.path()};
    if (load_.tls) words.push_back("--ca=" + certificates().ca());
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  Load load_;
  Folder folder_;
  Server server_;
  Child child_;
  int pings_ = 0;
};

/// What a subscription begins with, where the venue has it.
void greet(Turn& turn, Peer& peer, Shape shape) {
  if (shape != Shape::bybit_ticker) return;
  FrameBlock first({.shape = shape, .snapshot = true, .frames = symbol_count});
  first.renew(WallTime{read(CLOCK_REALTIME)});
  peer.send(first);
  turn.settle(peer);
}

void wait_until(Duration moment) {
  while (wall_now() < moment) {
  }
}

}  // namespace

double cpu_ns(Client client, const Load& load) {
  Turn turn(client, load);
  Peer& peer = turn.ready(client);
  if (client == Client::product) greet(turn, peer, load.shape);
  FrameBlock block({.shape = load.shape, .raw = peer.raw()});
  turn.blast(peer, block, interpreted(client) ? 2s : 300ms);
  const Duration before = turn.child().cpu();
  const std::size_t count = turn.blast(peer, block, measured);
  return static_cast<double>(to_ns(turn.child().cpu() - before)) / static_cast<double>(count);
}

Ages latencies(Client client, bool busy, double per_second) {
  const auto taken = static_cast<std::size_t>(per_second * 2);
  std::vector<std::string> more{fmt::format("--latencies={}", taken)};
  if (busy) more.emplace_back("--busy");
  Turn turn(client, {}, more);
  Peer& peer = turn.ready(client);
  FrameBlock block({.stamped = true, .frames = symbol_count * 100});
  const Duration gap{static_cast<std::int64_t>(1e9 / per_second)};
  // The subscriber may come a little later than the subscription: some more than it wants.
  const std::size_t sent =
      taken + Latencies::early(taken) + static_cast<std::size_t>(per_second / 2);
  Duration next = wall_now() + 300ms;
  for (std::size_t i = 0; i < sent && !peer.gone(); ++i, next += gap) {
    if (i % block.count() == 0) block.renew(WallTime{read(CLOCK_REALTIME)});
    wait_until(next);
    try {
      peer.send(block.stamped(i % block.count(), to_ns(wall_now()) % 1'000'000'000));
    } catch (const std::runtime_error&) {
      break;  // it has had enough
    }
    if (i % 64 == 0) turn.server().pump(0);
  }
  const std::string said = turn.child().line(patience);
  Ages ages;
  if (std::sscanf(said.c_str(), "%lf %lf %lf", &ages.p50, &ages.p99, &ages.p999) != 3) {
    throw std::runtime_error("no latencies: " + said);
  }
  return ages;
}

namespace {

constexpr std::size_t memory_symbols = 667;
constexpr std::size_t memory_lines = 8;
constexpr std::size_t big_frame = 5'000'000;

void hear_all(Turn& turn, Duration time) {
  FrameBlock quotes(
      {.shape = Shape::book_ticker, .frames = memory_symbols, .symbols = memory_symbols});
  FrameBlock marks(
      {.shape = Shape::mark_price, .frames = memory_symbols, .symbols = memory_symbols});
  const Duration end = wall_now() + time;
  do {
    for (FrameBlock* block : {&quotes, &marks}) {
      block->renew(WallTime{read(CLOCK_REALTIME)});
      // Every line is told of every symbol: those of others are dropped there.
      for (Peer* peer : turn.server().open_peers()) peer->send(*block);
    }
    turn.server().pump(50);
  } while (wall_now() < end);
}

}  // namespace

Memory memory() {
  Turn turn(Client::product, {.shape = Shape::book_ticker, .tls = true},
            {fmt::format("--symbols={}", memory_symbols)});
  turn.server().await(memory_lines, 2 * memory_symbols);
  hear_all(turn, 3s);
  Memory memory;
  memory.steady = turn.child().anonymous_mb();
  std::string frame;
  net::append_frame(frame, net::WsOpcode::text,
                    R"({"e":"unknown","x":")" + std::string(big_frame, 'x') + "\"}");
  Peer& peer = *turn.server().open_peers().front();
  peer.send(frame);
  turn.settle(peer);
  hear_all(turn, 3s);
  memory.after_big_frame = turn.child().anonymous_mb();
  return memory;
}

}  // namespace feedwatch::bench::ingest
