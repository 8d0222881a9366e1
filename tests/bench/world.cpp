#include "tests/bench/world.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include "feedwatch/base/random.hpp"

namespace feedwatch::bench {
namespace {

constexpr WallTime some_day = wall_from_ms(1'760'000'000'000);

/// The moment a benchmark says.
struct Hand final : Clock {
  explicit Hand(MonoTime moment) : at(moment) {}
  MonoTime now() const override { return at; }
  WallTime wall_now() const override { return some_day; }
  MonoTime at;
};

std::string consumer_name(std::size_t consumer) {
  return "consumer-" + std::to_string(consumer);
}

std::string letters(std::uint64_t number) {
  std::string text;
  for (int i = 0; i < 5; ++i) {
    text.push_back(static_cast<char>('A' + number % 26));
    number /= 26;
  }
  return text;
}

StreamOptions stream_options(std::size_t place, const Policy& policy) {
  StreamOptions options;
  options.key = StreamKey{"binance-usdm", symbol_of(place), Kind::last};
  options.policy = policy;
  options.event_time = EventTime::publish;
  return options;
}

}  // namespace

std::string symbol_of(std::size_t place) {
  static constexpr std::array<std::string_view, 8> known{"BTC", "ETH",  "SOL",  "XRP",
                                                         "BNB", "DOGE", "LINK", "1000PEPE"};
  static constexpr std::array<std::string_view, 4> quotes{"USDT", "USDC", "BTC", "FDUSD"};
  if (place < known.size()) return std::string(known[place]) + "USDT";
  // 26^5 and the factor have no divisor in common, so no five letters come twice.
  constexpr std::uint64_t names = 26ULL * 26 * 26 * 26 * 26;
  return letters(place * 7'654'321ULL % names) + std::string(quotes[place % quotes.size()]);
}

World::World(const WorldOptions& options, BoardPlace board)
    : anchor_{some_day, options.start},
      monitor_(MonitorOptions{.capacity = options.streams,
                              .anchor = anchor_,
                              .memory = std::move(board.memory),
                              .identity = board.identity}) {
  ids_.reserve(options.streams);
  for (std::size_t place = 0; place < options.streams; ++place) {
    const auto id = monitor_.add_stream(stream_options(place, options.policy), options.start);
    if (!id) throw std::runtime_error(id.error().what + " " + id.error().why);
    ids_.push_back(*id);
    symbols_.insert(symbol_of(place));
  }
}

void World::subscribe(const Watchers& watchers) {
  for (std::size_t consumer = 0; consumer < watchers.consumers; ++consumer) {
    ConsumerOptions options;
    options.name = consumer_name(consumer);
    options.min_interval = watchers.min_interval;
    if (watchers.in_line) options.delivery = DeliveryMode::in_line;
    for (const StreamId id : ids_) {
      Callbacks callbacks;
      callbacks.on_price = [this](const Delivery&) { ++delivered_; };
      monitor_.subscribe(id, options, std::move(callbacks));
    }
  }
}

void World::warm(MonoTime now) {
  const Decimal price{6'500'010, 2};
  for (const StreamId id : ids_) monitor_.apply(stamped_tick(id, price, now), now);
  settle(now);
  drain(now);
}

void World::drain(MonoTime now) {
  const Hand clock(now);
  for (std::size_t consumer = 0;; ++consumer) {
    const auto queue = monitor_.queue(consumer_name(consumer));
    if (queue == nullptr) return;
    while (queue->run(clock, 4096) > 0) {
    }
  }
}

void World::settle(MonoTime now) {
  while (monitor_.next_deadline() <= now) monitor_.on_time(now);
  changes_.clear();
  monitor_.take_changes(changes_);
}

Flow::Flow(std::size_t streams, std::size_t items, std::uint64_t seed)
    : items_(items), mask_(items - 1) {
  for (std::size_t place = 0; place < streams; ++place) symbols_.push_back(symbol_of(place));
  Random random(seed);
  for (Item& item : items_) {
    item.place = static_cast<std::uint32_t>(random.below(streams));
    item.symbol = symbols_[item.place];
    item.price = Decimal{static_cast<std::int64_t>(6'500'000 + random.below(10'000)), 2};
  }
}

}  // namespace feedwatch::bench
