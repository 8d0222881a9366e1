// The product as it runs: the whole monitor, both its loops and its store, watching one venue.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "feedwatch/app/app.hpp"
#include "feedwatch/engine/shard.hpp"
#include "feedwatch/venues/venue.hpp"
#include "tests/bench/ingest/bare_sink.hpp"
#include "tests/bench/ingest/client.hpp"

namespace feedwatch::bench::ingest {
namespace {

[[noreturn]] void until_killed() {
  for (;;) pause();
}

std::vector<std::string> wanted(const ClientOptions& options) {
  if (options.symbols == 0) return streams(options.shape);
  std::vector<std::string> all;
  for (std::size_t i = 0; i < options.symbols; ++i) {
    for (const char* kind : {"mark", "index", "quote"}) all.push_back(symbol(i) + "/" + kind);
  }
  return all;
}

app::AppSettings settings(const ClientOptions& options) {
  const std::string_view venue = facts(options.shape).venue;
  const bool tls = !options.ca_file.empty();
  const std::string host = fmt::format("://127.0.0.1:{}", options.port);
  app::AppSettings settings;
  settings.shard.venues.push_back({.name = std::string(venue),
                                   .venue = venues::find_venue(venue),
                                   .ws_url = (tls ? "wss" : "ws") + host,
                                   .rest_url = (tls ? "https" : "http") + host,
                                   .ca_file = options.ca_file,
                                   .streams = wanted(options)});
  settings.poll = options.busy ? net::PollMode::busy : net::PollMode::block;
  settings.store.url = "sqlite://" + options.folder + "/feedwatch.db";
  settings.store.state_dir = options.folder;
  settings.api.port = 0;
  return settings;
}

void take_latencies(app::App& app, std::size_t count) {
  Latencies latencies(count);
  std::atomic<bool> complete = false;
  app.with_shard("binance-usdm", [&](engine::Shard& shard) {
    Callbacks callbacks;
    callbacks.on_price = [&](const Delivery& delivery) {
      latencies.take(delivery.price.prices.price);
      if (!latencies.complete() || complete) return;
      complete = true;
      complete.notify_one();
    };
    const ConsumerOptions options{
        .name = "strategy", .delivery = DeliveryMode::in_line, .min_interval = Duration::zero()};
    shard.monitor().subscribe_matching("*", options, callbacks);
  });
  complete.wait(false);  // not by looking again and again: that would be on the client's core
  latencies.print();
  until_killed();  // nothing is taken apart while the subscriber is still called
}

}  // namespace

int run_product(const ClientOptions& options) {
  app::App app(settings(options), [](std::string_view severity, std::string_view text) {
    if (severity != "info") fmt::print(stderr, "{}: {}\n", severity, text);
  });
  if (const auto started = app.start(); !started) {
    throw std::runtime_error(started.error().text());
  }
  if (options.latencies > 0) take_latencies(app, options.latencies);
  until_killed();
}

}  // namespace feedwatch::bench::ingest
