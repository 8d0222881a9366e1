#include "world.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <utility>

namespace feedwatch::integration {

World::World(WorldOptions options) : options_(std::move(options)) {
  auto started = exchange::Exchange::start(reactor_, options_.exchange);
  if (!started) throw std::runtime_error(started.error().text());
  exchange_ = std::move(*started);
  for (const WorldOptions::Other& other : options_.others) {
    auto another = exchange::Exchange::start(reactor_, other.exchange);
    if (!another) throw std::runtime_error(another.error().text());
    others_.push_back(std::move(*another));
  }
  exchange_thread_ = std::thread([this] { reactor_.run(); });
}

World::~World() {
  app_.reset();
  reactor_.stop();
  exchange_thread_.join();
  exchange_.reset();
  others_.clear();
}

engine::VenueOptions World::venue_of(const exchange::Exchange& exchange, const std::string& name,
                                     const std::vector<std::string>& streams) const {
  engine::VenueOptions venue;
  venue.name = name;
  venue.venue = venues::find_venue(name);
  venue.ws_url = exchange.ws_url();
  venue.rest_url = exchange.rest_url();
  venue.ca_file = options_.ca_file;
  venue.streams = streams;
  venue.lines = options_.lines;
  return venue;
}

app::AppSettings World::settings() const {
  app::AppSettings settings;
  settings.shards = options_.shards;
  settings.shard.venues.push_back(venue_of(*exchange_, options_.exchange.venue, options_.streams));
  for (std::size_t i = 0; i < others_.size(); ++i) {
    const WorldOptions::Other& other = options_.others[i];
    settings.shard.venues.push_back(venue_of(*others_[i], other.exchange.venue, other.streams));
  }
  settings.shard.policies = PolicySet({}, options_.preset);
  settings.shard.instruments = options_.instruments;
  settings.control.alerts.keep_firing = 2s;
  settings.control.alerts.group_wait = 1s;
  settings.store.url = "sqlite://" + scratch_.file("feedwatch.db");
  settings.store.state_dir = scratch_.path();
  settings.api.port = 0;
  return settings;
}

void World::start() {
  app_ = std::make_unique<app::App>(settings(), [](std::string_view, std::string_view) {});
  app_->observe([this](const engine::Control::Event& event) {
    const std::scoped_lock lock(mutex_);
    seen_.push_back({event, clock_.now()});
  });
  const auto started = app_->start();
  if (!started) throw std::runtime_error(started.error().text());
}

void World::start_healthy() {
  start();
  const bool healthy = wait([this] {
    bool all = false;
    app_->with_control([&](const engine::Control& control) {
      const auto views = control.streams(now());
      std::size_t wanted = options_.streams.size();
      for (const WorldOptions::Other& other : options_.others) wanted += other.streams.size();
      all = views.size() >= wanted &&
            std::ranges::all_of(views, [](const auto& v) { return v.level == Level::healthy; });
    });
    return all;
  });
  if (!healthy) throw std::runtime_error("the streams did not become healthy\n" + story());
}

MonoTime World::inject(exchange::FaultSpec fault) {
  std::promise<Result<exchange::FaultId>> promise;
  auto answer = promise.get_future();
  reactor_.complete([&] { promise.set_value(exchange_->add_fault(std::move(fault))); });
  const auto added = answer.get();
  if (!added) throw std::runtime_error(added.error().text());
  return now();
}

MonoTime World::begin_outage() {
  std::promise<std::uint16_t> promise;
  auto port = promise.get_future();
  reactor_.complete([&] {
    const std::uint16_t was = exchange_->port();
    exchange_.reset();
    promise.set_value(was);
  });
  options_.exchange.port = port.get();
  black_hole_.emplace(options_.exchange.port);
  return now();
}

MonoTime World::end_outage() {
  black_hole_.reset();
  std::promise<Result<std::unique_ptr<exchange::Exchange>>> promise;
  auto started = promise.get_future();
  reactor_.complete(
      [&] { promise.set_value(exchange::Exchange::start(reactor_, options_.exchange)); });
  auto exchange = started.get();
  if (!exchange) throw std::runtime_error(exchange.error().text());
  exchange_ = std::move(*exchange);
  return now();
}

exchange::DeskCounters World::counters() {
  return on_exchange([](const exchange::Exchange& it) { return it.desk().counters(); });
}

bool World::wait(const std::function<bool()>& condition, Duration limit) const {
  const MonoTime end = now() + limit;
  while (!condition()) {
    if (now() >= end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

StreamKey World::key(std::string_view stream) const {
  auto parsed = StreamKey::parse(options_.exchange.venue + "/" + std::string(stream));
  if (!parsed) throw std::runtime_error(parsed.error().text());
  return std::move(*parsed);
}

Slot World::slot(std::string_view stream) const {
  const auto id = app_->monitor().find(key(stream));
  return id ? app_->monitor().unchecked_slot(*id) : Slot{};
}

std::expected<Price, Refusal> World::price(std::string_view stream,
                                           const ReadOptions& options) const {
  auto answer = app_->monitor().price(key(stream), options, now());
  // A tick stored between our look at the clock and the one at the board: ask with a later clock.
  while (!answer && answer.error().code == RefusalCode::clock_backwards) {
    answer = app_->monitor().price(key(stream), options, now());
  }
  return answer;
}

engine::StreamView World::view(std::string_view stream) {
  std::optional<engine::StreamView> found;
  app_->with_control(
      [&](const engine::Control& control) { found = control.stream(key(stream), now()); });
  if (!found) throw std::runtime_error(std::string(stream) + " is not watched");
  return std::move(*found);
}

std::vector<engine::LineView> World::lines() {
  std::vector<engine::LineView> lines;
  app_->with_control([&](const engine::Control& control) { lines = control.lines(now()); });
  return lines;
}

std::vector<engine::VenueStatus> World::venues() {
  std::vector<engine::VenueStatus> venues;
  app_->with_control([&](const engine::Control& control) { venues = control.venues(); });
  return venues;
}

std::vector<Seen> World::events(EventType type, std::string_view stream) const {
  const std::string subject = stream.empty() ? std::string() : key(stream).text();
  const std::scoped_lock lock(mutex_);
  std::vector<Seen> found;
  std::ranges::copy_if(seen_, std::back_inserter(found), [&](const Seen& seen) {
    return seen.event.type == type && (subject.empty() || seen.event.subject == subject);
  });
  return found;
}

std::vector<Seen> World::alerts(std::string_view state) const {
  std::vector<Seen> found;
  std::set<std::string> open;
  for (const Seen& seen : events(EventType::alert)) {
    const engine::Control::Event& event = seen.event;
    if (event.alert_state == "pending") continue;
    // Told again or grown more severe, it is still the same alert.
    const bool changed = event.alert_state == "firing" ? open.insert(event.subject).second
                                                       : open.erase(event.subject) > 0;
    if (changed && event.alert_state == state) found.push_back(seen);
  }
  return found;
}

std::string World::story() const {
  const std::scoped_lock lock(mutex_);
  std::string text;
  for (const Seen& seen : seen_) {
    text += fmt::format("{:9.3f} s (seen {:.3f})  {}  {}\n", to_seconds(seen.event.at - began_),
                        to_seconds(seen.seen - began_), seen.event.subject, seen.event.text);
  }
  return text;
}

std::vector<std::string> streams_of(const std::vector<std::string>& symbols,
                                    std::string_view kind) {
  std::vector<std::string> streams;
  for (const std::string& symbol : symbols) streams.push_back(symbol + "/" + std::string(kind));
  return streams;
}

}  // namespace feedwatch::integration
