#include "feedwatch/sim/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace feedwatch::sim {
namespace {

/// More events than any sane run has at one instant: somebody wakes himself for ever.
constexpr std::uint64_t max_events_per_instant = 500'000;

std::string text_of(const Prices& prices, Kind kind) {
  return kind == Kind::quote ? prices.price.to_string() + "/" + prices.ask.to_string()
                             : prices.price.to_string();
}

std::string_view word(engine::Control::Event::Type type) {
  using enum engine::Control::Event::Type;
  switch (type) {
    case stream_level:
      return "level";
    case suspect:
      return "suspect";
    case suspect_cleared:
      return "suspect_cleared";
    case repair_started:
      return "repair_started";
    case repair_ended:
      return "repair_ended";
    case line_state:
      return "line";
    case alert:
      return "alert";
    case notification:
      return "notification";
    case venue:
      return "venue";
    case position:
      return "position";
  }
  return "unknown";
}

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)),
      host_(clock_, queue_),
      network_({clock_, queue_, host_, log_}, options_.seed * 0x9e3779b97f4a7c15ULL + 1),
      journal_({clock_, host_, log_}),
      sink_("memory", {clock_, host_, log_}),
      bot_({clock_, host_, log_},
           [this](const PositionKey& key, std::uint64_t number, bool confirmed) {
             // The position may be closed by now.
             std::ignore = control_->answer_decision(key, number, confirmed);
           }),
      receiver_({clock_, host_, log_},
                [this](const PositionDecisionRow& row) { bot_.on_decision(row); }),
      shard_wakeup_(clock_, host_),
      control_wakeup_(clock_, host_),
      status_([this] { host_.post(clock_.now(), [this] { control_->on_status(clock_.now()); }); }),
      tap_([this] { host_.post(clock_.now(), [this] { control_->on_prices(clock_.now()); }); }) {
  for (const VenueSetup& setup : options_.venues) {
    venues_.emplace_back(setup, VenueModel::Parts{clock_, queue_, log_, network_}, options_.seed);
    network_.add_server(setup.name + ".sim", &venues_.back(), setup.distance);
    for (const std::string& stream : setup.streams) {
      if (const auto key = StreamKey::parse(setup.name + "/" + stream)) streams_.insert(*key);
    }
  }
  host_.set_drain([this] { network_.drain(); });
  shard_ = std::make_unique<engine::Shard>(
      shard_options(),
      engine::ShardPorts{clock_, shard_wakeup_, network_, network_, state_, status_});
  control_ = std::make_unique<engine::Control>(
      engine::ControlOptions{.alerts = options_.alerts,
                             .seed = options_.seed,
                             .instance = "sim",
                             .position_rules = options_.position_rules,
                             .maintenances = options_.maintenances},
      control_ports(), engine::Recovered{});
  network_.set_sink(shard_.get());
  shard_wakeup_.set_target([this] { shard_->on_wakeup(clock_.now()); });
  control_wakeup_.set_target([this] { control_->on_wakeup(clock_.now()); });
  control_->set_observer([this](const engine::Control::Event& event) { observe(event); });
}

World::~World() = default;

engine::ControlPorts World::control_ports() {
  engine::ControlPorts ports{.clock = clock_,
                             .wakeup = control_wakeup_,
                             .journal = journal_,
                             .sinks = {&sink_},
                             .status = status_,
                             .monitor = std::as_const(*shard_).monitor(),
                             .prices = &sources_,
                             .tap = &tap_};
  if (options_.receiver) {
    ports.receivers = {&receiver_};
    ports.written = [this](std::int64_t after, std::size_t limit, auto done) {
      journal_.read_decisions(after, limit, std::move(done));
    };
  } else {
    ports.decided = [this](const auto& row) { bot_.on_decision(row); };
  }
  return ports;
}

engine::ShardOptions World::shard_options() const {
  engine::ShardOptions shard;
  for (const VenueSetup& setup : options_.venues) {
    shard.venues.push_back({.name = setup.name,
                            .venue = setup.client,
                            .ws_url = "ws://" + setup.name + ".sim",
                            .rest_url = "http://" + setup.name + ".sim",
                            .ca_file = {},
                            .streams = setup.streams,
                            .required = setup.required,
                            .lines = setup.lines});
  }
  shard.policies = PolicySet(options_.policies, options_.default_preset);
  shard.seed = options_.seed;
  shard.instruments = options_.instruments;
  return shard;
}

Result<void> World::start() {
  for (VenueModel& venue : venues_) venue.start();
  control_->start();
  if (Result<void> started = shard_->start(); !started) return started;
  attach_consumers();
  return {};
}

void World::schedule(MonoTime at, Turn turn, EventQueue::Task task) {
  queue_.add(at, turn, std::move(task));
}

bool World::run_until(MonoTime at) {
  std::uint64_t here = 0;
  while (queue_.next() <= at) {
    if (queue_.next() > clock_.now()) {
      if (here > 0 && on_instant_) on_instant_(clock_.now());
      here = 0;
    }
    EventQueue::Entry entry = queue_.pop();
    clock_.advance_to(entry.at);
    entry.task();
    ++events_;
    if (++here > max_events_per_instant) return false;
  }
  if (here > 0 && on_instant_) on_instant_(clock_.now());
  clock_.advance_to(at);
  return true;
}

VenueModel* World::venue(std::string_view name) {
  const auto found = std::ranges::find_if(
      venues_, [&](const VenueModel& venue) { return venue.setup().name == name; });
  return found == venues_.end() ? nullptr : &*found;
}

void World::observe(const engine::Control::Event& event) {
  history_.add(event);
  if (event.decision && on_decision_) on_decision_(*event.decision);
  log_.line(clock_.now(), "control",
            fmt::format("{} {} {} at={}", word(event.type), event.subject, event.text,
                        run_time_text(event.at)));
}

// ---- consumers ----------------------------------------------------------------------------------

void World::attach_consumers() {
  for (const ConsumerSetup& setup : options_.consumers) {
    for (const StreamKey& key : streams_) {
      if (!glob_match(setup.match, key.text())) continue;
      const bool known = std::ranges::any_of(consumers_, [&](const ConsumerRecord& record) {
        return record.name == setup.name && record.stream == key;
      });
      if (known) continue;
      consumers_.push_back({.name = setup.name,
                            .stream = key,
                            .id = {},
                            .max_age = setup.max_age,
                            .min_interval = setup.min_interval,
                            .subscription = {},
                            .last = {}});
      attach(consumers_.back());
    }
  }
}

void World::attach(ConsumerRecord& record) {
  const auto id = shard_->monitor().find(record.stream);
  if (!id) return;
  record.id = *id;
  record.subscribed = true;
  record.subscribed_at = clock_.now();
  // A name is one consumer with one set of callbacks, whatever streams it has. Records stay where
  // they are and outlive the monitor's subscriptions.
  const std::string& name = record.name;
  record.subscription = shard_->monitor().subscribe(
      *id,
      {.name = name,
       .delivery = DeliveryMode::in_line,
       .max_age = record.max_age,
       .min_interval = record.min_interval},
      {.on_price =
           [this, &name](const Delivery& delivery) {
             on_price(consumer_of(name, delivery.stream), delivery);
           },
       .on_refused =
           [this, &name](const StreamName& stream, const Refusal& refusal) {
             ++consumer_of(name, stream).refused;
             log_.line(clock_.now(), "consumer " + name,
                       fmt::format("refused {} {}", stream.text(), to_text(refusal.code)));
           },
       .on_level = {},
       .on_detached = {}});
}

ConsumerRecord& World::consumer_of(const std::string& name, const StreamName& stream) {
  return *std::ranges::find_if(consumers_, [&](const ConsumerRecord& record) {
    return record.name == name && stream == record.stream;
  });
}

void World::on_price(ConsumerRecord& record, const Delivery& delivery) {
  if (!record.subscribed) ++record.after_end;
  if (on_delivery_) on_delivery_(record, delivery);
  ++record.delivered;
  record.counted += delivery.window.count;
  record.last = delivery.price.prices;
  record.last_at = clock_.now();
  log_.line(clock_.now(), "consumer " + record.name,
            fmt::format("price {} {} age={}ns", delivery.stream.text(),
                        text_of(delivery.price.prices, delivery.stream.kind()),
                        delivery.price.receive_age.count()));
}

void World::subscribe(const std::string& consumer) {
  attach_consumers();
  for (ConsumerRecord& record : consumers_) {
    if (record.name == consumer) attach(record);
  }
}

void World::unsubscribe(const std::string& consumer) {
  for (ConsumerRecord& record : consumers_) {
    if (record.name != consumer || !record.subscribed) continue;
    record.subscribed = false;
    shard_->monitor().unsubscribe(record.subscription);
  }
}

Result<void> World::want(const StreamKey& key, const std::string& owner, Duration ttl) {
  const auto wanted = shard_->want(key, owner, ttl);
  if (!wanted) return std::unexpected(wanted.error());
  streams_.insert(key);
  if (ttl > Duration{}) {
    // While the host does not run nobody lets go of anything.
    host_.post(clock_.now() + ttl, [this, of = std::pair{key.venue, key.symbol}] {
      unwanted_[of].push_back(clock_.now());
    });
  }
  attach_consumers();
  return {};
}

void World::unwant(const StreamKey& key, const std::string& owner) {
  unwanted_[{key.venue, key.symbol}].push_back(clock_.now());
  shard_->unwant(key, owner);
}

std::optional<Kind> World::Sources::kind_at(const std::string& venue) const {
  const auto setup = std::ranges::find(world_.options_.venues, venue, &VenueSetup::name);
  if (setup == world_.options_.venues.end()) return std::nullopt;
  return engine::protecting_kind(setup->client->sheet());
}

bool World::Sources::has_kind(const std::string& venue, Kind kind) const {
  const auto setup = std::ranges::find(world_.options_.venues, venue, &VenueSetup::name);
  return setup != world_.options_.venues.end() &&
         venues::channel_for(setup->client->sheet(), kind).has_value();
}

void World::Sources::want(const StreamKey& stream, engine::PriceNeed need, Done done) {
  world_.host_.post(world_.now(), [this, stream, need, done = std::move(done)] {
    Result<void> wanted = world_.want(stream, "positions", Duration::zero());
    if (const auto id = world_.shard_->monitor().find(stream); id && wanted) {
      engine::PriceTap::serve(world_.shard_->monitor(), *id, world_.tap_, need);
    }
    done(std::move(wanted));
  });
}

void World::Sources::unwant(const StreamKey& stream) {
  world_.host_.post(world_.now(), [this, stream] {
    if (const auto id = world_.shard_->monitor().find(stream)) {
      engine::PriceTap::detach(world_.shard_->monitor(), *id, world_.tap_);
    }
    world_.unwant(stream, "positions");
  });
}

std::vector<MonoTime> World::unwanted(const std::string& venue, const std::string& symbol) const {
  const auto found = unwanted_.find({venue, symbol});
  return found == unwanted_.end() ? std::vector<MonoTime>{} : found->second;
}

}  // namespace feedwatch::sim
