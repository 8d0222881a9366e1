#include "feedwatch/app/app.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "feedwatch/app/evidence.hpp"
#include "feedwatch/app/history_reader.hpp"
#include "feedwatch/app/recovered.hpp"
#include "feedwatch/app/self_watch.hpp"
#include "feedwatch/app/shard_loop.hpp"
#include "feedwatch/app/venue_homes.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/freshness/offset.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"
#include "feedwatch/shm/identity.hpp"
#include "feedwatch/store/query.hpp"

namespace feedwatch::app {

namespace {

constexpr Duration noticed_step = 1s;  ///< of the system clock
constexpr Duration status_every = 10s;

/// Runs on the reactor's thread, and waits for it.
template <class Action>
void run_on(net::Reactor& reactor, const Action& action) {
  std::promise<void> done;
  std::future<void> waiting = done.get_future();
  reactor.complete([&] {
    action();
    done.set_value();
  });
  waiting.wait();
}

}  // namespace

// Declaration order is construction order; destruction runs the other way: what a thread uses
// stands before the thread.
struct App::Impl {
  Impl(AppSettings app_settings, LogLine log_line)
      : settings(std::move(app_settings)),
        log(std::move(log_line)),
        anchor{.wall = clock.wall_now(), .mono = clock.now()},
        control_reactor(clock, {.anchor = anchor}),
        // Never refused: the board calls once, and is silent until what it holds was taken.
        status([this] { control_reactor.complete([this] { take_status(); }); }) {}

  Result<void> start();
  Result<void> open_store();
  Result<void> build_shards();
  Result<std::shared_ptr<board::Ground>> share_board();
  Result<void> build_control(engine::Recovered recovered);
  void make_sinks();
  void watch_disks();
  void run_threads();
  Result<void> stop();
  Result<void> reload(AppSettings next);
  Result<void> can_reload(const AppSettings& next) const;
  void drain(MonoTime deadline);

  void take_status() {
    if (control) control->on_status(clock.now());
  }
  void notice_clocks();
  void beat(MonoTime now);
  health::SelfEvidence self() const;
  health::StoreSelf store_self() const;
  api::ApiPorts api_ports();
  ShardLoop& loop_of(std::string_view venue);
  template <class Done, class Action>
  void on_shard(std::string_view venue, Done done, Action action);

  AppSettings settings;
  LogLine log;
  embed::SystemClock clock;
  WallAnchor anchor;
  Decisions decisions;
  std::function<void(const engine::Control::Event&)> observer;
  std::function<void(ReloadDone)> ask_reload;

  net::Reactor control_reactor;
  engine::StatusBoard status;
  std::unique_ptr<store::Store> store;

  std::vector<std::unique_ptr<ShardLoop>> loops;
  std::optional<VenueHomes> homes;
  SelfWatch watch{{.clock = clock, .control = control_reactor, .loops = loops}};
  shm::SegmentFile* segment = nullptr;  ///< the board's memory, which the shards own
  Duration wall_drift{};  ///< of the system clock from the anchored one, when last noticed
  bool shift_told = false;

  // the control's
  std::optional<net::SystemResolver> control_resolver;
  std::optional<net::HttpClient> control_http;
  std::vector<std::unique_ptr<Sink>> sinks;
  std::unique_ptr<Wakeup> control_wakeup, control_beat;
  MonoTime fed{}, status_told{};  ///< by the beat
  std::optional<engine::Control> control;
  std::unique_ptr<HistoryReader> history;
  std::unique_ptr<api::ApiServer> api;

  std::thread control_thread;
  bool started = false;
};

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
}

Result<void> App::Impl::build_control(engine::Recovered recovered) {
  control_resolver.emplace(control_reactor);
  control_http.emplace(control_reactor, *control_resolver);
  make_sinks();
  control_wakeup = control_reactor.make_wakeup([this](MonoTime now) { control->on_wakeup(now); });
  std::vector<Sink*> targets;
  for (const auto& sink : sinks) targets.push_back(sink.get());
  control.emplace(
      settings.control,
      engine::ControlPorts{
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
          .state = store.get()},
      std::move(recovered));
  if (observer) control->set_observer(observer);
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
  for (const auto& loop : loops) loop->run();
  control_thread = std::thread([this] { control_reactor.run(); });
}

// ---- while running ------------------------------------------------------------------------------

// Findings about time, each told once: neither changes an age, a level or an alert.
void App::Impl::notice_clocks() {
  const MonoTime now = clock.now();
  const Duration drift = clock.wall_now() - anchor.at(now);
  if (std::chrono::abs(drift - wall_drift) > noticed_step) {
    log("warning", "the system clock was stepped by " + format_duration(drift - wall_drift) +
                       "; ages do not depend on it, displayed times keep the clock of our start");
    watch.on_clock_step(drift - wall_drift, now);
    wall_drift = drift;
  }
  const std::optional<Duration> shift = clock_shift(loops);
  if (shift && !shift_told) {
    log("warning", "clock_suspect: every venue's stamps are shifted by " + format_duration(*shift) +
                       "; the clock that is wrong is probably ours "
                       "(check time synchronization)");
  }
  shift_told = shift.has_value();
}

health::StoreSelf App::Impl::store_self() const {
  return self_of(store->health(), clock.now());
}

health::SelfEvidence App::Impl::self() const {
  const store::StoreHealth health = store->health();
  health::SelfEvidence self = watch.evidence(&*control, &health);
  self.clock_shift = clock_shift(loops);
  return self;
}

/// The control's sign of life, on its own thread: who waits for it waits for whoever judges.
void App::Impl::beat(MonoTime now) {
  control_beat->arm(watch.beat(now));
  notice_clocks();
  const ServiceManager& manager = settings.manager;
  const std::optional<Duration> watchdog = manager.watchdog();
  if (watchdog && watch.shards_alive() && now - fed >= *watchdog / 4) {
    fed = now;
    manager.alive();
  }
  if (now - status_told < status_every) return;
  status_told = now;
  manager.status("health " + std::string(to_text(control->health(now).status)));
}

ShardLoop& App::Impl::loop_of(std::string_view venue) {
  return *loops[homes->of(venue)];
}

// A task for the shard whose answer comes back to the control's thread.
template <class Done, class Action>
void App::Impl::on_shard(std::string_view venue, Done done, Action action) {
  auto shared = std::make_shared<Done>(std::move(done));
  ShardLoop& loop = loop_of(venue);
  const auto task = [this, shared, &loop, action = std::move(action)]() mutable {
    Result<void> result = action(loop);
    control_reactor.complete(
        [shared, result = std::move(result)]() mutable { (*shared)(std::move(result)); });
  };
  if (loop.reactor().post(std::move(task))) return;
  control_reactor.complete([shared] {
    (*shared)(std::unexpected(Error{
        .what = "lease", .why = "the shard's mailbox is full", .fix = "try again in a second"}));
  });
}

api::ApiPorts App::Impl::api_ports() {
  return api::ApiPorts{
      .clock = clock,
      .control = *control,
      .monitor = std::as_const(*loops.front()).shard().monitor(),
      .decisions = decisions,
      .process = [this] { return watch.facts(self()); },
      .warn = [this](std::string_view text) { log("warning", text); },
      .want =
          [this](const StreamKey& key, std::string owner, Duration ttl, api::ApiPorts::Done done) {
            on_shard(key.venue, std::move(done),
                     [key, owner = std::move(owner), ttl](ShardLoop& loop) -> Result<void> {
                       const Result<StreamId> wanted = loop.want(key, owner, ttl);
                       if (!wanted) return std::unexpected(wanted.error());
                       return {};
                     });
          },
      .unwant =
          [this](const StreamKey& key, std::string owner, api::ApiPorts::Done done) {
            on_shard(key.venue, std::move(done),
                     [key, owner = std::move(owner)](ShardLoop& loop) -> Result<void> {
                       if (loop.unwant(key, owner)) return {};
                       return std::unexpected(Error{.what = key.text(),
                                                    .why = "'" + owner + "' holds no lease on it",
                                                    .fix = {}});
                     });
          },
      .reload = ask_reload,
      .beat =
          [this](std::string_view name, PulseMark mark, std::string detail) {
            return control->beat(name, mark, std::move(detail), clock.now());
          },
      .history = history.get(),
      .report =
          [this](health::Report report) {
            log("info",
                "component " + report.name + " reports " + std::string(to_text(report.status)));
            return control->report(std::move(report));
          },
      .withdraw = [this](std::string_view component) { return control->withdraw(component); }};
}

// ---- reload -------------------------------------------------------------------------------------

Result<void> App::Impl::reload(AppSettings next) {
  if (auto checked = can_reload(next); !checked) return checked;
  const std::vector<engine::ShardOptions> parts = homes->divide(next.shard);
  for (std::size_t i = 0; i < loops.size(); ++i) {
    Result<void> done;
    run_on(loops[i]->reactor(), [&] { done = loops[i]->shard().reconfigure(parts[i]); });
    // Checked before: a shard that refuses now has changed nothing, and neither have those behind.
    if (!done) return done;
  }
  run_on(control_reactor, [&] {
    control->reconfigure(next.control.alerts);
    control->set_maintenances(next.control.maintenances);
    api->set_access(next.api);
  });
  settings.shard.venues = std::move(next.shard.venues);
  return {};
}

Result<void> App::Impl::can_reload(const AppSettings& next) const {
  if (settings.record) {
    return std::unexpected(Error{.what = "reload",
                                 .why = "while everything is recorded the recording says which "
                                        "configuration judged it",
                                 .fix = "restart to apply a change, or record.directory = \"\""});
  }
  return engine::has_room(next.shard.venues, settings.shard.max_streams);
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
  // The lines' close frames get their second; nothing new is decided meanwhile.
  for (const auto& loop : loops) loop->end_lines();
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
