#include "tests/bench/views/scraped_product.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>

#include "feedwatch/app/app.hpp"
#include "feedwatch/engine/shard.hpp"
#include "feedwatch/venues/venue.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/ingest/child.hpp"
#include "tests/bench/ingest/shapes.hpp"
#include "tests/bench/views/feed_record.hpp"
#include "tests/bench/views/scrape_turns.hpp"
#include "tests/bench/views/thread_counts.hpp"

namespace feedwatch::bench {
namespace {

constexpr const char* venue_name = "binance-usdm";

app::AppSettings settings(const ScrapedProductOptions& options) {
  const std::string host = fmt::format("://127.0.0.1:{}", options.port);
  engine::VenueOptions venue{.name = venue_name,
                             .venue = venues::find_venue(venue_name),
                             .ws_url = "ws" + host,
                             .rest_url = "http" + host,
                             .ca_file = {},
                             .streams = {}};
  for (std::size_t i = 0; i < fed_streams; ++i) {
    venue.streams.push_back(ingest::symbol(i) + "/quote");
  }
  app::AppSettings settings;
  settings.shard.venues.push_back(std::move(venue));
  settings.store.url = "sqlite://" + options.folder + "/feedwatch.db";
  settings.store.state_dir = options.folder;
  settings.api.port = 0;
  return settings;
}

/// The moment it was sent stands in the price's fraction, as nanoseconds of a second.
std::uint32_t age_of(const Decimal& price) {
  constexpr std::int64_t second = 1'000'000'000;
  const auto sent = static_cast<std::int64_t>(price.mantissa() % second);
  return static_cast<std::uint32_t>((to_ns(wall_now()) % second - sent + second) % second);
}

void tell(FeedRecord& record, const Decimal& price) {
  const std::uint64_t n = record.heard.load(std::memory_order_relaxed);
  record.ages[n % FeedRecord::room] = age_of(price);
  const ThreadCounts counts = counts_of_this_thread();
  record.allocations.store(counts.allocations, std::memory_order_relaxed);
  record.locks.store(counts.locks, std::memory_order_relaxed);
  record.heard.store(n + 1, std::memory_order_release);
}

}  // namespace

void run_scraped_product(const ScrapedProductOptions& options) {
  if (options.feed_core < 0) ingest::leave_core();
  const SharedFeedRecord record(options.folder + "/record");
  app::App app(settings(options), [](std::string_view severity, std::string_view text) {
    if (severity != "info") fmt::print(stderr, "{}: {}\n", severity, text);
  });
  if (const auto started = app.start(); !started) {
    throw std::runtime_error(started.error().text());
  }
  app.with_shard(venue_name, [&](engine::Shard& shard) {
    if (options.feed_core >= 0) ingest::stay_on_core(options.feed_core);
    Callbacks callbacks;
    callbacks.on_price = [&](const Delivery& delivery) {
      tell(*record, delivery.price.prices.price);
    };
    const ConsumerOptions consumer{
        .name = "strategy", .delivery = DeliveryMode::in_line, .min_interval = Duration::zero()};
    shard.monitor().subscribe_matching("*", consumer, callbacks);
  });
  record->api_port = app.api_port();
  for (;;) pause();  // killed; nothing is taken apart while the subscriber is still called
}

}  // namespace feedwatch::bench
