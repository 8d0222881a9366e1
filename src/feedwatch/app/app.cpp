#include "feedwatch/app/app.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "feedwatch/app/late_sink.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/engine/shard.hpp"
#include "feedwatch/freshness/offset.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"
#include "feedwatch/net/ws_transport.hpp"
#include "feedwatch/shm/identity.hpp"
#include "feedwatch/sinks/log.hpp"
#include "feedwatch/sinks/webhook.hpp"
#include "feedwatch/store/query.hpp"

namespace feedwatch::app {

namespace {

constexpr Duration loop_beat = 500ms;
constexpr Duration noticed_step = 1s;  ///< of the system clock

/// What the shard's thread shows the control's: read without asking it.
struct ShardBeat {
  std::atomic<std::int64_t> at_ns{0};
  std::atomic<std::uint64_t> accepted{0};
  std::array<std::atomic<std::uint64_t>, rejection_count> rejected{};
  std::atomic<std::uint64_t> undecodable{0};
};

}  // namespace

// Declaration order is construction order; destruction runs the other way: what a thread uses
// stands before the thread.
struct App::Impl {
  Impl(AppSettings app_settings, LogLine log_line)
      : settings(std::move(app_settings)),
        log(std::move(log_line)),
        anchor{.wall = clock.wall_now(), .mono = clock.now()},
        control_reactor(clock, {.anchor = anchor}),
        shard_reactor(clock, {.anchor = anchor, .poll = settings.poll}),
        // Never refused: the board calls once, and is silent until what it holds was taken.
        status([this] { control_reactor.complete([this] { take_status(); }); }) {}

  Result<void> start();
  Result<void> open_store();
  Result<void> build_shard();
  Result<void> begin_recording();
  Result<void> start_shard();
  Result<engine::SharedBoard> share_board();
  Result<void> build_control(engine::Recovered recovered);
  void make_sinks();
  void run_threads();
  Result<void> stop();
  void drain(MonoTime deadline);

  void take_status() {
    if (control) control->on_status(clock.now());
  }
  void beat();
  void notice_clocks(MonoTime now);
  health::SelfEvidence self() const;
  health::StoreSelf store_self() const;
  api::ProcessFacts facts() const;
  api::ApiPorts api_ports();
  template <class Done, class Action>
  void on_shard(Done done, Action action);

  AppSettings settings;
  LogLine log;
  embed::SystemClock clock;
  WallAnchor anchor;
  Decisions decisions;
  std::function<void(const engine::Control::Event&)> observer;
  ShardBeat shard_beat;

  net::Reactor control_reactor;
  net::Reactor shard_reactor;
  engine::StatusBoard status;
  std::unique_ptr<store::Store> store;

  // the shard's
  std::optional<net::SystemResolver> shard_resolver;
  LateSink late_sink;
  std::unique_ptr<ShardRecording> recording;  ///< nullptr = nothing is recorded
  std::optional<net::WsTransport> transport;
  std::optional<net::HttpClient> shard_http;
  std::unique_ptr<Wakeup> shard_wakeup;
  std::unique_ptr<Wakeup> beat_wakeup;
  std::optional<engine::Shard> shard;
  shm::SegmentFile* segment = nullptr;  ///< the board's memory, which the shard owns
  Duration wall_drift{};  ///< of the system clock from the anchored one, when last noticed
  bool shift_told = false;

  // the control's
  std::optional<net::SystemResolver> control_resolver;
  std::optional<net::HttpClient> control_http;
  std::vector<std::unique_ptr<Sink>> sinks;
  std::unique_ptr<Wakeup> control_wakeup;
  std::optional<engine::Control> control;
  std::unique_ptr<api::ApiServer> api;

  std::thread shard_thread;
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
  return impl_->shard->monitor();
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
  std::promise<void> done;
  std::future<void> waiting = done.get_future();
  impl_->control_reactor.complete([&] {
    action(*impl_->control);
    done.set_value();
  });
  waiting.wait();
}

void App::with_shard(const std::function<void(engine::Shard&)>& action) {
  std::promise<void> done;
  std::future<void> waiting = done.get_future();
  impl_->shard_reactor.complete([&] {
    action(*impl_->shard);
    done.set_value();
  });
  waiting.wait();
}

// ---- start --------------------------------------------------------------------------------------

Result<void> App::Impl::start() {
  if (auto opened = open_store(); !opened) return opened;
  auto query = store::open_query(settings.store.url);
  if (!query) return std::unexpected(query.error());
  auto open_alerts = (*query)->open_alerts();
  if (!open_alerts) return std::unexpected(open_alerts.error());
  auto pending = (*query)->pending_notifications();
  if (!pending) return std::unexpected(pending.error());
  auto resolved = (*query)->resolved_alerts(engine::kept_resolved);
  if (!resolved) return std::unexpected(resolved.error());

  if (auto built = build_shard(); !built) return built;
  if (auto built = build_control({.open_alerts = std::move(*open_alerts),
                                  .pending_notifications = std::move(*pending),
                                  .resolved_alerts = std::move(*resolved)});
      !built) {
    return built;
  }
  // Configuration errors of the streams come out here, before any thread runs.
  control->start();
  if (auto begun = start_shard(); !begun) return begun;
  // Not before the shard's first sign of life: readers would take it for dead.
  if (segment != nullptr) {
    if (auto shown = segment->publish(); !shown) return shown;
  }
  beat();
  run_threads();
  return {};
}

Result<void> App::Impl::open_store() {
  store::StoreOptions options = settings.store;
  for (const SinkSettings& sink : settings.sinks) options.recipients.sinks.push_back(sink.name);
  options.recipients.instance = settings.control.instance;
  options.recipients.external_url = settings.control.external_url;
  options.on_alert = [this](const AlertRow& row, std::vector<NotificationRow> notes) {
    control->adopt(row, std::move(notes));
  };
  auto opened = store::open_store(std::move(options), clock, control_reactor);
  if (!opened) return std::unexpected(opened.error());
  store = std::move(*opened);
  return {};
}

Result<engine::SharedBoard> App::Impl::share_board() {
  if (settings.board.name.empty()) return engine::SharedBoard{};
  const auto identity = shm::this_process(anchor.wall);
  if (!identity) return std::unexpected(identity.error());
  settings.board.identity = *identity;
  settings.board.max_streams = settings.shard.max_streams;
  auto created = shm::SegmentFile::create(settings.board);
  if (!created) return std::unexpected(created.error());
  segment = created->get();
  return engine::SharedBoard{.memory = std::move(*created), .identity = *identity};
}

Result<void> App::Impl::build_shard() {
  auto shared = share_board();
  if (!shared) return std::unexpected(shared.error());
  if (auto begun = begin_recording(); !begun) return begun;
  shard_resolver.emplace(shard_reactor);
  FrameSink& direct = late_sink;
  transport.emplace(shard_reactor, *shard_resolver, recording ? recording->tap() : direct);
  shard_http.emplace(shard_reactor, *shard_resolver);
  const auto wake = [this](MonoTime now) { shard->on_wakeup(now); };
  shard_wakeup = shard_reactor.make_wakeup([this, wake](MonoTime now) {
    recording ? recording->tap().on_wakeup(now, wake) : wake(now);
  });
  beat_wakeup = shard_reactor.make_wakeup([this](MonoTime) { beat(); });
  if (recording) recording->attach(*transport, *shard_http, late_sink);
  shard.emplace(settings.shard,
                recording ? recording->ports(*shard_wakeup, status)
                          : engine::ShardPorts{.clock = clock,
                                               .wakeup = *shard_wakeup,
                                               .transport = *transport,
                                               .http = *shard_http,
                                               .state = *store,
                                               .status = status},
                std::move(*shared));
  late_sink.shard = &*shard;
  return {};
}

Result<void> App::Impl::begin_recording() {
  if (!settings.record) return {};
  auto begun = ShardRecording::begin(
      *settings.record,
      {.clock = clock, .state = *store, .anchor = anchor, .seed = settings.shard.seed}, log);
  if (!begun) return std::unexpected(begun.error());
  recording = std::move(*begun);
  return {};
}

Result<void> App::Impl::start_shard() {
  const auto begin = [this] { return shard->start(); };
  return recording ? recording->tap().start(begin) : begin();
}

void App::Impl::make_sinks() {
  for (const SinkSettings& sink : settings.sinks) {
    if (sink.type == SinkSettings::Type::webhook) {
      sinks.push_back(std::make_unique<sinks::WebhookSink>(
          sinks::WebhookOptions{.name = sink.name, .url = sink.url, .ca_file = sink.ca_file},
          *control_http));
    } else {
      sinks.push_back(std::make_unique<sinks::LogSink>(
          sink.name, [this](std::string_view line) { log("alert", line); }, control_reactor));
    }
  }
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
          .monitor = shard->monitor(),
          .self = [this] { return self(); },
          .store = [this] { return store_self(); },
          .probe = [this](engine::StoreProbe::Answer answer) { store->probe(std::move(answer)); }},
      std::move(recovered));
  if (observer) control->set_observer(observer);
  auto listening = api::ApiServer::listen(control_reactor, settings.api, api_ports());
  if (!listening) return std::unexpected(listening.error());
  api = std::move(*listening);
  return {};
}

void App::Impl::run_threads() {
  started = true;
  shard_thread = std::thread([this] { shard_reactor.run(); });
  control_thread = std::thread([this] { control_reactor.run(); });
}

// ---- while running ------------------------------------------------------------------------------

void App::Impl::beat() {
  const MonoTime now = clock.now();
  const Monitor::IntakeCounters& counters = shard->monitor().intake_counters();
  shard_beat.accepted = counters.accepted;
  for (std::size_t i = 0; i < rejection_count; ++i) {
    const bool unknown = static_cast<Rejection>(i) == Rejection::unknown_symbol;
    shard_beat.rejected[i] = counters.rejected[i] + (unknown ? shard->unknown_symbols() : 0);
  }
  shard_beat.undecodable = counters.undecodable;
  shard_beat.at_ns = to_ns(now);
  notice_clocks(now);
  if (recording) recording->tell_lost(log);
  beat_wakeup->arm(now + loop_beat);
}

// Findings about time, each told once: neither changes an age, a level or an alert.
void App::Impl::notice_clocks(MonoTime now) {
  const Duration drift = clock.wall_now() - anchor.at(now);
  if (std::chrono::abs(drift - wall_drift) > noticed_step) {
    log("warning", "the system clock was stepped by " + format_duration(drift - wall_drift) +
                       "; ages do not depend on it, displayed times keep the clock of our start");
    wall_drift = drift;
  }
  std::map<std::string, Duration> by_venue;
  for (const Monitor::LearntOffset& learnt : shard->monitor().clock_offsets()) {
    by_venue.emplace(learnt.group.substr(0, learnt.group.find('/')), learnt.offset);
  }
  std::vector<Duration> offsets;
  for (const auto& [venue, offset] : by_venue) offsets.push_back(offset);
  const std::optional<Duration> shift = common_shift(offsets);
  if (shift && !shift_told) {
    log("warning", "clock_suspect: every venue's stamps are shifted by " + format_duration(*shift) +
                       "; the clock that is wrong is probably ours "
                       "(check time synchronization)");
  }
  shift_told = shift.has_value();
}

/// Both loops as one: whichever stands still, prices or alerts are late.
health::SelfEvidence App::Impl::self() const {
  health::SelfEvidence self;
  for (const net::Reactor* loop : {&shard_reactor, &control_reactor}) {
    const net::StallStats stalls = loop->stalls();
    self.stalls += stalls.count;
    self.max_stall = std::max(self.max_stall, stalls.longest);
    if (!stalls.newest) continue;
    const Duration since = std::max(Duration::zero(), clock.now() - *stalls.newest);
    self.since_last_stall = std::min(self.since_last_stall.value_or(since), since);
  }
  self.since_beat = clock.now() - mono_from_ns(shard_beat.at_ns);
  self.recording_failed = recording && recording->failed();
  return self;
}

health::StoreSelf App::Impl::store_self() const {
  const store::StoreHealth health = store->health();
  health::StoreSelf self{.failures = health.consecutive_failures,
                         .spooled = health.spooled,
                         .spool_bytes = health.spool_bytes,
                         .spool_age = {},
                         .last_error = health.last_error};
  if (health.spooled_since) self.spool_age = clock.now() - *health.spooled_since;
  return self;
}

api::ProcessFacts App::Impl::facts() const {
  api::ProcessFacts facts;
  facts.shard_loop_alive = clock.now() - mono_from_ns(shard_beat.at_ns) < 2s;
  const health::SelfEvidence loops = self();
  facts.stalls = loops.stalls;
  facts.longest_stall = loops.max_stall;
  facts.ticks_accepted = shard_beat.accepted;
  for (std::size_t i = 1; i < rejection_count; ++i) {
    facts.ticks_rejected.emplace_back(to_text(static_cast<Rejection>(i)), shard_beat.rejected[i]);
  }
  facts.ticks_rejected.emplace_back("undecodable", shard_beat.undecodable);
  facts.mailbox_refused = shard_reactor.refused() + control_reactor.refused();
  return facts;
}

// A task for the shard whose answer comes back to the control's thread.
template <class Done, class Action>
void App::Impl::on_shard(Done done, Action action) {
  auto shared = std::make_shared<Done>(std::move(done));
  const bool taken = shard_reactor.post([this, shared, action = std::move(action)]() mutable {
    Result<void> result = action();
    control_reactor.complete(
        [shared, result = std::move(result)]() mutable { (*shared)(std::move(result)); });
  });
  if (taken) return;
  control_reactor.complete([shared] {
    (*shared)(std::unexpected(Error{
        .what = "lease", .why = "the shard's mailbox is full", .fix = "try again in a second"}));
  });
}

api::ApiPorts App::Impl::api_ports() {
  return api::ApiPorts{
      .clock = clock,
      .control = *control,
      .monitor = shard->monitor(),
      .decisions = decisions,
      .process = [this] { return facts(); },
      .warn = [this](std::string_view text) { log("warning", text); },
      .want =
          [this](StreamKey key, std::string owner, Duration ttl, api::ApiPorts::Done done) {
            on_shard(std::move(done),
                     [this, key = std::move(key), owner = std::move(owner), ttl]() -> Result<void> {
                       const auto want = [&] { return shard->want(key, owner, ttl); };
                       const Result<StreamId> wanted =
                           recording ? recording->tap().want(key.text(), owner, ttl, want) : want();
                       if (!wanted) return std::unexpected(wanted.error());
                       return {};
                     });
          },
      .unwant =
          [this](StreamKey key, std::string owner, api::ApiPorts::Done done) {
            on_shard(std::move(done),
                     [this, key = std::move(key), owner = std::move(owner)]() -> Result<void> {
                       const auto unwant = [&] { return shard->unwant(key, owner); };
                       const bool held = recording
                                             ? recording->tap().unwant(key.text(), owner, unwant)
                                             : unwant();
                       if (held) return {};
                       return std::unexpected(Error{.what = key.text(),
                                                    .why = "'" + owner + "' holds no lease on it",
                                                    .fix = {}});
                     });
          }};
}

// ---- stop ---------------------------------------------------------------------------------------

Result<void> App::Impl::stop() {
  if (!started) {
    if (store) return std::exchange(store, nullptr)->close(1s);
    return {};
  }
  started = false;
  const MonoTime deadline = clock.now() + settings.stop_limit;
  control_reactor.complete([this] { api.reset(); });
  // The lines' close frames get their second; nothing new is decided meanwhile.
  std::promise<void> lines_closed;
  shard_reactor.complete([&] {
    beat_wakeup.reset();
    if (recording) recording->end();
    shard->stop();
    lines_closed.set_value();
  });
  lines_closed.get_future().wait();
  drain(deadline - 1s);
  shard_reactor.stop();
  shard_thread.join();
  if (recording) static_cast<void>(recording->close());  // an error was told as it happened
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
