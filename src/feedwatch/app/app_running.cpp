// The app while it runs: clocks, signs of life, what is asked of its shards, another configuration.

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "feedwatch/app/app_impl.hpp"
#include "feedwatch/app/evidence.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/freshness/offset.hpp"

namespace feedwatch::app {
namespace {

constexpr Duration noticed_step = 1s;  ///< of the system clock
constexpr Duration status_every = 10s;

}  // namespace

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

void App::Impl::want(const StreamKey& key, std::string owner, Duration ttl, LeaseDone done) {
  on_shard(key.venue, std::move(done),
           [key, owner = std::move(owner), ttl](ShardLoop& loop) -> Result<void> {
             const Result<StreamId> wanted = loop.want(key, owner, ttl);
             if (!wanted) return std::unexpected(wanted.error());
             return {};
           });
}

void App::Impl::unwant(const StreamKey& key, std::string owner, LeaseDone done) {
  on_shard(
      key.venue, std::move(done), [key, owner = std::move(owner)](ShardLoop& loop) -> Result<void> {
        if (loop.unwant(key, owner)) return {};
        return std::unexpected(
            Error{.what = key.text(), .why = "'" + owner + "' holds no lease on it", .fix = {}});
      });
}

void App::Impl::hold(const StreamKey& stream, engine::PriceNeed need, LeaseDone done) {
  on_shard(stream.venue, std::move(done),
           [this, stream, need](ShardLoop& loop) { return loop.hold(stream, need, tap); });
}

void App::Impl::let_go(const StreamKey& stream, LeaseDone done) {
  on_shard(stream.venue, std::move(done),
           [this, stream](ShardLoop& loop) { return loop.let_go(stream, tap); });
}

/// Of an earlier run there may be files that are not looked at any more.
void App::Impl::watch_position_files() {
  control_reactor.complete([this] {
    for (const PositionSourceView& source : control->position_sources().views()) {
      const bool ours =
          std::ranges::any_of(settings.position_files, [&](const std::filesystem::path& path) {
            return PositionFile(path).source() == source.name;
          });
      if (ours || !source.name.starts_with(engine::file_source)) continue;
      if (const auto gone = control->forget_source(source.name); !gone) continue;
      log("info", source.name + " is no source of positions any more");
    }
  });
  if (settings.position_files.empty()) return;
  position_files.emplace(settings.position_files, [this](PositionNews news) {
    control_reactor.complete([this, news = std::move(news)]() mutable { take(std::move(news)); });
  });
}

void App::Impl::take(PositionNews news) {
  if (!control) return;
  if (!news.list) return refuse(news.source, news.list.error().text());
  const std::size_t unreadable = news.list->faults.size();
  control->take_list(news.source, std::move(*news.list),
                     [this, source = news.source, unreadable,
                      again = std::move(news.again)](const Result<engine::ListTaken>& taken) {
                       if (watch.stopping()) return;
                       // What keeps it out may pass: another position, no room.
                       if (!taken || taken->faults.size() > unreadable) again();
                       if (!taken) return refuse(source, taken.error().text());
                       refused_files.erase(source);
                     });
}

/// The same is said once, however often it is found.
void App::Impl::refuse(const std::string& source, std::string why) {
  std::string& said = refused_files[source];
  if (said != why) log("warning", source + ": " + why);
  const bool again = std::exchange(said, why) == why;
  const Result<void> told = control->fail_source(source, std::move(why));
  if (!told && !again) log("error", source + ": " + told.error().text());
}

api::ApiPorts App::Impl::api_ports() {
  return api::ApiPorts{
      .clock = clock,
      .control = *control,
      .monitor = std::as_const(*loops.front()).shard().monitor(),
      .decisions = decisions,
      .process = [this] { return watch.facts(self()); },
      .warn = [this](std::string_view text) { log("warning", text); },
      .want = [this](
                  const StreamKey& key, std::string owner, Duration ttl,
                  api::ApiPorts::Done done) { want(key, std::move(owner), ttl, std::move(done)); },
      .unwant = [this](
                    const StreamKey& key, std::string owner,
                    api::ApiPorts::Done done) { unwant(key, std::move(owner), std::move(done)); },
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

}  // namespace feedwatch::app
