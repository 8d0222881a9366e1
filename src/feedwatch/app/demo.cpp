#include "feedwatch/app/demo.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "feedwatch/app/app.hpp"
#include "feedwatch/app/demo_ledger.hpp"
#include "feedwatch/app/demo_plan.hpp"
#include "feedwatch/app/shutdown_signal.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/exchange/exchange.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"

namespace feedwatch::app {

namespace {

constexpr std::uint16_t usual_port = 8420;
constexpr Duration guard_max_age = 5s;
constexpr Duration sample_every = 20ms;
constexpr Duration ready_within = 20s;

const std::vector<std::string> symbols{"BTCUSDT",  "ETHUSDT", "SOLUSDT", "XRPUSDT",
                                       "DOGEUSDT", "ADAUSDT", "LTCUSDT", "LINKUSDT"};

/// Everything the monitor talks to: two exchanges and a webhook's receiver, on a thread of its own.
class OtherSide {
 public:
  explicit OtherSide(const Clock& clock) : reactor_(clock) {}
  ~OtherSide() { stop(); }
  OtherSide(const OtherSide&) = delete;
  OtherSide& operator=(const OtherSide&) = delete;

  Result<void> start(std::function<void(std::string_view)> on_delivery) {
    for (const char* venue : {"binance-usdm", "bybit-linear"}) {
      exchange::Options options;
      options.venue = venue;
      options.symbols = symbols;
      options.seed = 7;
      auto started = exchange::Exchange::start(reactor_, options);
      if (!started) return std::unexpected(started.error());
      exchanges_.emplace(venue, std::move(*started));
    }
    net::HttpHandlers handlers;
    handlers.on_request = [on_delivery = std::move(on_delivery)](net::Request request,
                                                                 net::Responder respond) {
      on_delivery(request.body);
      respond({.status = 204, .headers = {}, .body = {}});
    };
    auto listening = net::HttpServer::listen(reactor_, {}, std::move(handlers));
    if (!listening) return std::unexpected(listening.error());
    webhook_ = std::move(*listening);
    thread_ = std::thread([this] { reactor_.run(); });
    return {};
  }

  void stop() {
    if (!thread_.joinable()) return;
    reactor_.stop();
    thread_.join();
    webhook_.reset();
    exchanges_.clear();
  }

  const exchange::Exchange& venue(const std::string& name) const { return *exchanges_.at(name); }
  std::string webhook_url() const {
    return fmt::format("http://127.0.0.1:{}/alerts", webhook_->local_port());
  }

  Result<void> inject(const std::string& venue, std::vector<exchange::FaultSpec> faults) {
    std::promise<Result<void>> done;
    reactor_.complete([&] {
      Result<void> result;
      for (exchange::FaultSpec& fault : faults) {
        const auto id = exchanges_.at(venue)->add_fault(std::move(fault));
        if (!id) result = std::unexpected(id.error());
      }
      done.set_value(std::move(result));
    });
    return done.get_future().get();
  }

 private:
  net::Reactor reactor_;
  std::map<std::string, std::unique_ptr<exchange::Exchange>> exchanges_;
  std::unique_ptr<net::HttpServer> webhook_;
  std::thread thread_;
};

/// A directory that goes with its owner.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "feedwatch-demo-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      throw std::filesystem::filesystem_error("mkdtemp", pattern,
                                              std::error_code(errno, std::generic_category()));
    }
    path_ = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

AppSettings settings_for(const OtherSide& other, const std::filesystem::path& directory,
                         std::uint16_t port) {
  AppSettings settings;
  for (const char* name : {"binance-usdm", "bybit-linear"}) {
    engine::VenueOptions venue;
    venue.name = name;
    venue.venue = venues::find_venue(name);
    venue.ws_url = other.venue(name).ws_url();
    venue.rest_url = other.venue(name).rest_url();
    const bool binance = venue.name == "binance-usdm";
    for (const std::string& symbol : symbols) {
      venue.streams.push_back(symbol + (binance ? "/mark" : "/quote"));
    }
    for (const char* symbol : {"BTCUSDT", "ETHUSDT", "DOGEUSDT"}) {
      venue.streams.push_back(symbol + std::string(binance ? "/quote" : "/last"));
    }
    settings.shard.venues.push_back(std::move(venue));
  }
  settings.shard.policies = PolicySet({}, Preset::tight);
  // A minute is short: what is over is called over sooner than in production.
  settings.control.alerts.keep_firing = 3s;
  settings.control.alerts.group_wait = 1s;
  settings.control.alerts.group_interval = 2s;
  settings.control.instance = "demo";
  settings.store.url = "sqlite://" + (directory / "feedwatch.db").string();
  settings.store.state_dir = directory;
  settings.api.port = port;
  settings.api.version = "demo";
  settings.sinks.push_back(
      {.type = SinkSettings::Type::webhook, .name = "webhook", .url = other.webhook_url()});
  return settings;
}

class Demo {
 public:
  explicit Demo(const DemoArgs& args) : args_(args), out_(args.json ? stderr : stdout) {}

  int run();

 private:
  Result<void> start();
  Result<std::unique_ptr<App>> start_app(std::uint16_t port);
  bool wait_until_healthy();
  void loop();
  void sample(MonoTime now);
  void inject_due(MonoTime now);
  void print_line(MonoTime now);
  bool finish();
  void print_event(const engine::Control::Event& event);
  double seconds(MonoTime moment) const { return to_seconds(moment - began_); }
  bool fits(const PlannedFault& fault) const;

  DemoArgs args_;
  std::FILE* out_;
  ShutdownSignal signal_;
  embed::SystemClock clock_;
  MonoTime began_ = clock_.now();
  DemoLedger ledger_{began_};
  ScratchDirectory scratch_;
  OtherSide other_{clock_};
  std::unique_ptr<App> app_;
  std::vector<StreamKey> streams_;
  std::vector<PlannedFault> plan_;
  std::size_t next_fault_ = 0;
  MonoTime plan_began_{};
  MonoTime next_line_{};
  std::uint64_t ticks_ = 0;
  std::string trouble_;  ///< what went wrong outside the plan
};

void Demo::print_event(const engine::Control::Event& event) {
  using Type = engine::Control::Event::Type;
  if (event.type == Type::venue || event.type == Type::line_state) return;
  if (event.type == Type::notification && event.text == "pending") return;
  fmt::print(out_, "{:7.2f} s  {}  {}\n", seconds(event.at), event.subject, event.text);
  std::fflush(out_);
}

Result<std::unique_ptr<App>> Demo::start_app(std::uint16_t port) {
  auto app = std::make_unique<App>(settings_for(other_, scratch_.path(), port),
                                   [this](std::string_view severity, std::string_view text) {
                                     fmt::print(out_, "{}: {}\n", severity, text);
                                   });
  app->observe([this](const engine::Control::Event& event) {
    ledger_.on_event(event, clock_.now());
    if (plan_began_ != MonoTime{}) print_event(event);
  });
  if (auto started = app->start(); !started) return std::unexpected(started.error());
  return app;
}

Result<void> Demo::start() {
  auto started = other_.start([this](std::string_view body) { ledger_.on_delivery(body); });
  if (!started) return started;
  auto app = start_app(usual_port);
  if (!app) app = start_app(0);  // the usual port is taken: any other does for a demo
  if (!app) return std::unexpected(app.error());
  app_ = std::move(*app);
  fmt::print(out_, "feedwatch demo: two simulated exchanges on loopback\n");
  fmt::print(out_, "dashboard: {}/\n", app_->api_url());
  std::fflush(out_);
  return {};
}

bool Demo::wait_until_healthy() {
  while (clock_.now() - began_ < ready_within) {
    bool healthy = false;
    app_->with_control([&](const engine::Control& control) {
      const auto views = control.streams(clock_.now());
      healthy = !views.empty() && std::ranges::all_of(views, [](const engine::StreamView& view) {
        return view.level == Level::healthy;
      });
      streams_.clear();
      for (const auto& view : views) streams_.push_back(view.info->key);
    });
    if (healthy) return true;
    if (signal_.wait(50ms) == ShutdownSignal::Signal::stop) return false;
  }
  return false;
}

// The guard every demo position would have: no price older than five seconds.
void Demo::sample(MonoTime now) {
  for (const StreamKey& stream : streams_) {
    if (!app_->monitor().price(stream, {.max_age = guard_max_age}, now)) {
      ledger_.on_refused(stream, now);
    }
  }
}

bool Demo::fits(const PlannedFault& fault) const {
  return !args_.run_for || plan_began_ + fault.at + fault.needs <= began_ + *args_.run_for;
}

void Demo::inject_due(MonoTime now) {
  if (next_fault_ == plan_.size()) {
    if (now < plan_began_ + demo_cycle) return;
    plan_began_ += demo_cycle;
    next_fault_ = 0;
  }
  PlannedFault& fault = plan_[next_fault_];
  if (plan_began_ + fault.at > now) return;
  ++next_fault_;
  if (!fits(fault)) return;
  fmt::print(out_, "{:7.2f} s  fault injected: {} on {}\n", seconds(now), fault.record.kind,
             fault.record.target());
  ledger_.inject(fault.record, now);
  const Result<void> injected = other_.inject(fault.record.venue, fault.record.faults);
  if (!injected) trouble_ = injected.error().text();
}

void Demo::print_line(MonoTime now) {
  if (now < next_line_) return;
  next_line_ = now + 5s;
  std::map<Level, std::size_t> levels;
  app_->with_control([&](const engine::Control& control) {
    ticks_ = 0;
    for (const engine::StreamView& view : control.streams(now)) {
      ++levels[view.level];
      ticks_ += view.ticks;
    }
  });
  fmt::print(out_,
             "{:7.2f} s  {} streams: {} healthy, {} degraded, {} stale, {} unknown; {} ticks; {} "
             "open alerts\n",
             seconds(now), streams_.size(), levels[Level::healthy], levels[Level::degraded],
             levels[Level::stale], levels[Level::unknown], ticks_, ledger_.open_alerts());
  std::fflush(out_);
}

void Demo::loop() {
  const MonoTime end = args_.run_for ? began_ + *args_.run_for : never_mono;
  while (clock_.now() < end) {
    const MonoTime now = clock_.now();
    inject_due(now);
    sample(now);
    print_line(now);
    if (signal_.wait(sample_every) == ShutdownSignal::Signal::stop) break;
  }
  next_line_ = {};
  print_line(clock_.now());
}

bool Demo::finish() {
  const double duration = seconds(clock_.now());
  const Result<void> stopped = app_->stop();
  if (!stopped) trouble_ = stopped.error().text();
  other_.stop();
  const std::vector<FaultRecord> records = ledger_.records();
  bool ok = trouble_.empty();
  for (const FaultRecord& record : records) {
    const std::optional<std::string> problem = broken_promise(record);
    if (problem) ok = false;
    fmt::print(out_, "{}  {} on {} at {:.1f} s{}\n", problem ? "FAILED" : "ok    ", record.kind,
               record.target(), to_seconds(record.at), problem ? ": " + *problem : "");
  }
  if (!trouble_.empty()) fmt::print(out_, "FAILED  {}\n", trouble_);
  if (!args_.json) return ok;
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("ok", ok).field("duration_seconds", duration);
  json.field("streams", streams_.size()).field("ticks", ticks_);
  json.key("faults").begin_array();
  for (const FaultRecord& record : records) write_fault(json, record);
  json.end_array();
  if (!trouble_.empty()) json.field("trouble", trouble_);
  json.end_object();
  std::fflush(stderr);
  fmt::print("{}\n", text);
  return ok;
}

int Demo::run() {
  if (auto started = start(); !started) {
    fmt::print(stderr, "feedwatch: {}\n", started.error().text());
    return 1;
  }
  if (wait_until_healthy()) {
    plan_ = demo_plan();
    plan_began_ = clock_.now();
    fmt::print(out_, "{:7.2f} s  all {} streams healthy\n", seconds(plan_began_), streams_.size());
    loop();
  } else {
    trouble_ = "the streams were not all healthy within 20 s of the start";
  }
  return finish() ? 0 : 1;
}

}  // namespace

int run_demo(const DemoArgs& args) {
  return Demo(args).run();
}

}  // namespace feedwatch::app
