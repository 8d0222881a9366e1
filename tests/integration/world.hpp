#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "black_hole.hpp"
#include "feedwatch/app/app.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/exchange/exchange.hpp"
#include "feedwatch/guard/guard.hpp"
#include "feedwatch/net/reactor.hpp"
#include "scratch.hpp"

/// One fake exchange and one monitor on loopback, in one process, each on its own threads.
namespace feedwatch::integration {

using EventType = engine::Control::Event::Type;

/// What the control decided, and when we heard of it.
struct Seen {
  engine::Control::Event event;
  MonoTime seen;
};

struct WorldOptions {
  exchange::Options exchange{.venue = "binance-usdm", .symbols = {}};
  std::vector<std::string> streams;  ///< "BTCUSDT/mark"
  std::string ca_file;
  bool instruments = true;
  Preset preset = Preset::tight;
  std::size_t lines = 1;
  /// Further venues, each an exchange of its own.
  struct Other {
    exchange::Options exchange;
    std::vector<std::string> streams;
  };
  std::vector<Other> others{};
  std::uint16_t shards = 1;
};

/// The exchange listens from construction, the monitor runs from start() on, both until
/// destruction. Policy: tight, if nothing else is said. Alerts are told and closed sooner than in
/// production, so that a test sees their end.
class World {
 public:
  static constexpr Duration patience = 30s;

  explicit World(WorldOptions options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Fails the test when the monitor does not start.
  void start();
  /// start(), then every configured stream healthy.
  void start_healthy();

  /// Fails the test when the exchange refuses the fault. Returns when it is in force.
  MonoTime inject(exchange::FaultSpec fault);
  /// The venue is out of reach: connections are cut, whoever dials or asks REST hears nothing.
  MonoTime begin_outage();
  /// Returns when it listens again, at the same address, with its counters at zero.
  MonoTime end_outage();
  /// Runs on the exchange's thread.
  template <class Fn>
  auto on_exchange(Fn fn) {
    std::promise<std::invoke_result_t<Fn, const exchange::Exchange&>> promise;
    auto answer = promise.get_future();
    reactor_.complete([&] { promise.set_value(fn(*exchange_)); });
    return answer.get();
  }
  exchange::DeskCounters counters();

  /// Asks again and again until the answer is yes; no once the limit has passed.
  bool wait(const std::function<bool()>& condition, Duration limit = patience) const;

  MonoTime now() const { return clock_.now(); }
  app::App& app() { return *app_; }
  StreamKey key(std::string_view stream) const;
  Slot slot(std::string_view stream) const;
  Level level(std::string_view stream) const { return level_at(slot(stream), now()); }
  std::expected<Price, Refusal> price(std::string_view stream, const ReadOptions& options) const;
  engine::StreamView view(std::string_view stream);
  std::vector<engine::LineView> lines();
  std::vector<engine::VenueStatus> venues();

  /// Newest last. Of one type; of one stream ("BTCUSDT/mark") or of all.
  std::vector<Seen> events(EventType type, std::string_view stream = {}) const;
  /// Alerts that began (firing) or ended (resolved) so far, each once.
  std::vector<Seen> alerts(std::string_view state) const;
  /// Every event so far as text, for the message of a failed expectation.
  std::string story() const;

 private:
  app::AppSettings settings() const;
  engine::VenueOptions venue_of(const exchange::Exchange& exchange, const std::string& name,
                                const std::vector<std::string>& streams) const;

  WorldOptions options_;
  Scratch scratch_;
  embed::SystemClock clock_;
  MonoTime began_ = clock_.now();
  net::Reactor reactor_{clock_};
  std::unique_ptr<exchange::Exchange> exchange_;
  std::vector<std::unique_ptr<exchange::Exchange>> others_;
  std::optional<BlackHole> black_hole_;
  std::thread exchange_thread_;
  std::unique_ptr<app::App> app_;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
};

/// BTCUSDT ETHUSDT … as streams of one kind.
std::vector<std::string> streams_of(const std::vector<std::string>& symbols, std::string_view kind);

}  // namespace feedwatch::integration
