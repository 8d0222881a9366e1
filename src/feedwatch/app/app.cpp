#include "feedwatch/app/app.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "feedwatch/app/app_impl.hpp"
#include "feedwatch/app/evidence.hpp"
#include "feedwatch/app/recovered.hpp"
#include "feedwatch/shm/identity.hpp"
#include "feedwatch/store/query.hpp"

namespace feedwatch::app {

App::App(AppSettings settings, LogLine log)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(log))) {}

App::~App() {
  (void)impl_->stop();
}

Result<void> App::start() {
  return impl_->start();
}
Result<void> App::stop() {
  return impl_->stop();
}
void App::observe(std::function<void(const engine::Control::Event&)> observer) {
  impl_->observer = std::move(observer);
}
const Monitor& App::monitor() const {
  return std::as_const(*impl_->loops.front()).shard().monitor();
}
Result<void> App::beat(std::string_view name, PulseMark mark, std::string detail) {
  Result<void> told;
  run_on(impl_->control_reactor,
         [&] { told = impl_->control->beat(name, mark, std::move(detail), impl_->clock.now()); });
  return told;
}
Decisions& App::decisions() {
  return impl_->decisions;
}
const Clock& App::clock() const {
  return impl_->clock;
}
std::string App::api_url() const {
  return impl_->api->url();
}
std::uint16_t App::api_port() const {
  return impl_->api->port();
}

void App::with_control(const std::function<void(const engine::Control&)>& action) {
  run_on(impl_->control_reactor, [&] { action(*impl_->control); });
}

void App::with_shard(std::string_view venue, const std::function<void(engine::Shard&)>& action) {
  ShardLoop& loop = impl_->loop_of(venue);
  run_on(loop.reactor(), [&] { action(loop.shard()); });
}

Result<void> App::reload(AppSettings next) {
  return impl_->reload(std::move(next));
}
void App::on_reload(std::function<void(ReloadDone)> ask) {
  impl_->ask_reload = std::move(ask);
}
void App::answer(ReloadDone asker, ReloadResult result) {
  run_on(impl_->control_reactor, [&] { asker(std::move(result)); });
}

// ---- start --------------------------------------------------------------------------------------

Result<void> App::Impl::start() {
  if (auto opened = open_store(); !opened) return opened;
  auto query = store->reader();
  if (!query) return std::unexpected(query.error());
  auto recovered = read_recovered(**query, log);
  if (!recovered) return std::unexpected(recovered.error());

  if (auto built = build_shards(); !built) return built;
  watch_disks();
  if (auto built = build_control(std::move(*recovered)); !built) return built;
  // Configuration errors of the streams come out here, before any thread runs.
  control->start();
  for (const auto& loop : loops) {
    if (auto begun = loop->start(); !begun) return begun;
  }
  // Not before the shards' first sign of life: readers would take them for dead.
  if (segment != nullptr) {
    if (auto shown = segment->publish(); !shown) return shown;
  }
  run_threads();
  return {};
}

Result<void> App::Impl::open_store() {
  store::StoreOptions options = settings.store;
  for (const SinkSettings& sink : settings.sinks) options.recipients.sinks.push_back(sink.name);
  options.recipients.takes = [this](const std::string& name, const Notice& notice) {
    const auto named = [&](const auto& sink) { return sink->name() == name; };
    const auto sink = std::ranges::find_if(sinks, named);
    return sink != sinks.end() && (*sink)->takes(notice);
  };
  options.on_alert = [this](const AlertRow& row, std::vector<NotificationRow> notes) {
    control->adopt(row, std::move(notes));
  };
  auto opened = store::open_store(std::move(options), clock, control_reactor);
  if (!opened) return std::unexpected(opened.error());
  store = std::move(*opened);
  return {};
}

/// Where all shards write; other processes read it if it has a name.
Result<std::shared_ptr<board::Ground>> App::Impl::share_board() {
  const std::size_t capacity = settings.shard.max_streams;
  if (settings.board.name.empty()) {
    return std::make_shared<board::Ground>(board::heap_memory(PriceBoard::bytes_for(capacity)),
                                           capacity, board::Identity{});
  }
  const auto identity = shm::this_process(anchor.wall);
  if (!identity) return std::unexpected(identity.error());
  settings.board.identity = *identity;
  settings.board.max_streams = capacity;
  auto created = shm::SegmentFile::create(settings.board);
  if (!created) return std::unexpected(created.error());
  segment = created->get();
  return std::make_shared<board::Ground>(std::move(*created), capacity, *identity);
}

Result<void> App::Impl::build_shards() {
  auto ground = share_board();
  if (!ground) return std::unexpected(ground.error());
  const std::size_t venues = std::max<std::size_t>(settings.shard.venues.size(), 1);
  const auto count = static_cast<std::uint16_t>(
      std::min({std::size_t{settings.shards}, venues, board::max_shards}));
  const std::vector<engine::ShardOptions> parts = homes.emplace(count).divide(settings.shard);
  for (std::uint16_t i = 0; i < count; ++i) {
    loops.push_back(std::make_unique<ShardLoop>(
        ShardLoop::Parts{.clock = clock, .anchor = anchor, .poll = settings.poll, .log = log}));
    auto built =
        loops.back()->build(parts[i], {.ground = *ground, .read_elsewhere = segment != nullptr},
                            *store, status, settings.record);
    if (!built) return built;
  }
  return {};
}

void App::Impl::make_sinks() {
  const sinks::SinkParts parts{
      .http = *control_http,
      .mailbox = control_reactor,
      .write = [this](std::string_view line) { log("alert", line); },
      .speaker = {settings.control.instance, settings.control.external_url}};
  for (const SinkSettings& sink : settings.sinks) sinks.push_back(sinks::make_sink(sink, parts));
  for (const SinkSettings& webhook : settings.decision_webhooks) {
    receivers.push_back(sinks::make_decision_webhook(webhook, *control_http));
  }
}

engine::ControlPorts App::Impl::control_ports() {
  std::vector<Sink*> targets;
  for (const auto& sink : sinks) targets.push_back(sink.get());
  std::vector<DecisionReceiver*> told;
  for (const auto& receiver : receivers) told.push_back(receiver.get());
  return engine::ControlPorts{
      .clock = clock,
      .wakeup = *control_wakeup,
      .journal = *store,
      .sinks = std::move(targets),
      .status = status,
      .monitor = std::as_const(*loops.front()).shard().monitor(),
      .self = [this] { return self(); },
      .store = [this] { return store_self(); },
      .probe = [this](engine::StoreProbe::Answer answer) { store->probe(std::move(answer)); },
      .heartbeat = heartbeat_of(*control_http, settings.heartbeat, log),
      .pulse_source =
          [this](std::string_view pulse, MonoTime now) {
            return signal_link ? signal_link->status(pulse, now) : std::nullopt;
          },
      .state = store.get(),
      .prices = &*position_sources,
      .tap = &tap,
      .receivers = std::move(told),
      .written = [this](std::int64_t after, std::size_t limit,
                        auto done) { history->decisions(after, limit, std::move(done)); }};
}

Result<void> App::Impl::build_control(engine::Recovered recovered) {
  control_resolver.emplace(control_reactor);
  control_http.emplace(control_reactor, *control_resolver);
  make_sinks();
  position_sources.emplace(
      *homes,
      [this](const StreamKey& stream, engine::PriceNeed need, LeaseSources::Done done) {
        hold(stream, need, std::move(done));
      },
      [this](const StreamKey& stream, LeaseSources::Done done) {
        let_go(stream, std::move(done));
      });
  control_wakeup = control_reactor.make_wakeup([this](MonoTime now) { control->on_wakeup(now); });
  control.emplace(settings.control, control_ports(), std::move(recovered));
  if (observer) control->set_observer(observer);
  if (settings.signals) {
    signal_link.emplace(*settings.signals, SignalLink::Parts{clock, anchor, control_reactor,
                                                             *control_resolver, *control, log});
  }
  history = std::make_unique<HistoryReader>(settings.store.url, settings.store.password_file,
                                            control_reactor);
  auto listening = api::ApiServer::listen(control_reactor, settings.api, api_ports());
  if (!listening) return std::unexpected(listening.error());
  api = std::move(*listening);
  return {};
}

void App::Impl::watch_disks() {
  std::vector<std::pair<std::string, std::filesystem::path>> places{
      {"state directory", settings.store.state_dir}};
  if (const auto database = store::sqlite_path(settings.store.url)) {
    places.emplace_back("database", *database);
  }
  if (settings.record) places.emplace_back("recording", settings.record->files.directory);
  watch.watch_disks(std::move(places));
}

void App::Impl::run_threads() {
  started = true;
  control_beat = control_reactor.make_wakeup([this](MonoTime now) { beat(now); });
  control_beat->arm(clock.now());
  if (signal_link) signal_link->start();
  for (const auto& loop : loops) loop->run();
  control_thread = std::thread([this] { control_reactor.run(); });
  watch_position_files();
}

// ---- stop ---------------------------------------------------------------------------------------

Result<void> App::Impl::stop() {
  if (!started) {
    if (store) return std::exchange(store, nullptr)->close(1s);
    return {};
  }
  started = false;
  const MonoTime deadline = clock.now() + settings.stop_limit;
  // Not ready from here on, and still there to say so.
  watch.stop();
  position_files.reset();
  run_on(control_reactor, [this] { control->hurry(clock.now()); });
  // The lines' close frames get their second; nothing new is decided meanwhile.
  for (const auto& loop : loops) loop->end_lines();
  if (signal_link) run_on(control_reactor, [this] { signal_link->stop(); });
  drain(deadline - 1s);
  run_on(control_reactor, [this] { api.reset(); });
  for (const auto& loop : loops) loop->join();
  const Result<void> closed =
      store->close(std::max<Duration>(500ms, deadline - clock.now() - 200ms));
  control_reactor.stop();
  control_thread.join();
  return closed;
}

// Alerts decided but not delivered, rows decided but not written: waited for, within the limit.
// What is not delivered by then is in the outbox and goes out at the next start.
void App::Impl::drain(MonoTime deadline) {
  control_reactor.complete([this] { control->hurry(clock.now()); });
  while (clock.now() < deadline) {
    std::promise<bool> asked;
    control_reactor.complete([&] { asked.set_value(control->drained()); });
    if (asked.get_future().get()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  log("warning", "stopping with alerts not yet delivered; they go out at the next start");
}

}  // namespace feedwatch::app
