#include "feedwatch/app/run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <csignal>
#include <cstdio>
#include <random>

#include "feedwatch/app/log.hpp"
#include "feedwatch/app/process_usage.hpp"
#include "feedwatch/app/reload_desk.hpp"
#include "feedwatch/app/shutdown_signal.hpp"
#include "feedwatch/config/diff.hpp"
#include "feedwatch/config/print.hpp"
#include "feedwatch/config/schema.hpp"

extern char** environ;

namespace feedwatch::app {

void print_error(const Error& error) {
  fmt::print(stderr, "feedwatch: {}\n", error.text());
}

namespace {

std::optional<config::Config> or_complain(
    std::expected<config::Config, std::vector<Error>> loaded) {
  if (loaded) return std::move(*loaded);
  for (const Error& error : loaded.error()) print_error(error);
  return std::nullopt;
}

config::Sources sources_of(const ConfigArgs& args) {
  config::Sources sources;
  sources.environment = config::environment_of(environ);
  sources.flags = args.set;
  return sources;
}

}  // namespace

std::optional<config::Config> load_config(const ConfigArgs& args) {
  config::Sources sources = sources_of(args);
  if (!args.file.empty()) sources.file = args.file;
  return or_complain(config::load(sources));
}

std::optional<config::Config> load_config_text(const std::string& text, const std::string& name,
                                               const ConfigArgs& args) {
  return or_complain(config::load_text(text, name, sources_of(args)));
}

namespace {

std::optional<RecordSettings> record_settings(const config::Config& config) {
  const config::RecordConfig& record = config.record;
  if (record.directory.empty()) return std::nullopt;
  return RecordSettings{.files = {.directory = record.directory,
                                  .rotation = {.size = record.rotate_size,
                                               .every = record.rotate_every,
                                               .keep = record.keep},
                                  .compress = record.compress},
                        .config = recorded_config(config),
                        .program = {}};
}

SinkSettings::Type type_of(config::SinkConfig::Type type) {
  using From = config::SinkConfig::Type;
  using To = SinkSettings::Type;
  switch (type) {
    case From::webhook:
      return To::webhook;
    case From::alertmanager:
      return To::alertmanager;
    case From::slack:
      return To::slack;
    case From::telegram:
      return To::telegram;
    case From::pagerduty:
      return To::pagerduty;
    case From::email:
      return To::email;
    case From::exec:
      return To::exec;
    case From::log:
      break;
  }
  return To::log;
}

SinkSettings sink_of(const config::SinkConfig& sink) {
  SinkSettings settings;
  settings.type = type_of(sink.type);
  settings.name = sink.name;
  settings.url = sink.url;
  settings.ca_file = sink.ca_file;
  settings.token = sink.token;
  settings.signing_key = sink.signing_key;
  settings.chat = sink.chat;
  settings.thread = sink.thread;
  settings.from = sink.from;
  settings.to = sink.to;
  settings.user = sink.user;
  settings.password = sink.password;
  settings.tls = sink.tls;
  settings.command = sink.command;
  settings.timeout = sink.timeout;
  settings.resend = sink.resend;
  settings.filter = {.critical_only = sink.critical_only, .match = sink.match};
  if (sink.per_minute) settings.per_second = static_cast<double>(*sink.per_minute) / 60;
  if (sink.burst) settings.burst = static_cast<std::size_t>(*sink.burst);
  return settings;
}

}  // namespace

AppSettings settings_from(const config::Config& config) {
  AppSettings settings;
  settings.shard.venues = config.venues;
  settings.shard.policies = config.policies;
  // Jitter must differ between monitors that start together; a run is repeatable by setting it.
  settings.shard.seed = config.seed ? *config.seed : std::random_device{}();
  settings.shard.max_streams = config.board.max_streams;
  const bool busy = config.engine.poll == config::EngineConfig::Poll::busy;
  settings.shards = config.engine.shards;
  settings.poll = busy ? net::PollMode::busy : net::PollMode::block;
  settings.board.name = config.board.shm;
  settings.board.directory = config.board.directory;
  settings.board.mode = config.board.mode;
  settings.control.seed = settings.shard.seed;
  settings.control.alerts = config.alerts;
  settings.control.rules = config.rules;
  settings.control.pulses = config.pulses;
  settings.control.positions = config.positions;
  settings.position_files = config.position_files;
  settings.control.position_rules = config.position_rules;
  if (config.watchdog.enabled) settings.control.watchdog = config.watchdog.options;
  settings.heartbeat = {.url = config.watchdog.url, .ca_file = config.watchdog.ca_file};
  if (config.signals) {
    settings.signals = {.pulse = config.signals->pulse, .client = config.signals->client};
    settings.signals->client.session.seed = settings.shard.seed;
  }
  settings.control.external_url = config.external_url;
  settings.control.maintenances = config.maintenances;
  settings.store.url = config.store.url;
  settings.store.state_dir = config.store.state_dir;
  settings.store.password_file = config.store.password_file;
  settings.api.address = config.api.host == "localhost" ? "127.0.0.1" : config.api.host;
  settings.api.port = config.api.port;
  settings.api.cert_file = config.api.tls_cert_file.string();
  settings.api.key_file = config.api.tls_key_file.string();
  settings.api.token = config.api.token;
  settings.api.allowed_hosts = config.api.allowed_hosts;
  settings.api.allowed_origins = config.api.allowed_origins;
  settings.record = record_settings(config);
  for (const config::SinkConfig& sink : config.sinks) settings.sinks.push_back(sink_of(sink));
  for (const config::SinkConfig& webhook : config.decision_webhooks) {
    settings.decision_webhooks.push_back(sink_of(webhook));
  }
  return settings;
}

namespace {

Error joined(const std::vector<Error>& errors) {
  Error all{.what = "configuration", .why = {}, .fix = {}};
  for (const Error& error : errors) all.why += (all.why.empty() ? "" : "; ") + error.text();
  return all;
}

/// What the two differ in, or the keys that stand in the way.
ReloadResult changes(const config::Config& running, const config::Config& next) {
  std::vector<std::string> changed;
  std::string refused;
  for (const config::Difference& difference :
       config::differences(running.document, next.document)) {
    if (difference.restart) refused += (refused.empty() ? "" : ", ") + difference.what;
    changed.push_back(difference.what);
  }
  if (refused.empty()) return changed;
  return std::unexpected(Error{.what = refused,
                               .why = "cannot change while the monitor runs",
                               .fix = "restart it, or take the change back"});
}

ReloadResult apply(config::Config next, config::Config& running, App& app, Log& log) {
  ReloadResult changed = changes(running, next);
  if (!changed) return changed;
  if (auto applied = app.reload(settings_from(next)); !applied) {
    return std::unexpected(applied.error());
  }
  log.set_level(next.log.level);
  running = std::move(next);
  return changed;
}

/// Reads the configuration again and applies what differs, all of it or nothing.
ReloadResult reload(const ConfigArgs& args, config::Config& running, App& app, Log& log) {
  config::Sources sources = sources_of(args);
  if (!args.file.empty()) sources.file = args.file;
  auto next = config::load(sources);
  ReloadResult result = next ? apply(std::move(*next), running, app, log)
                             : ReloadResult(std::unexpected(joined(next.error())));
  if (result) {
    log.line("info", fmt::format("configuration read again: {}",
                                 result->empty() ? "nothing differs"
                                                 : fmt::format("{}", fmt::join(*result, ", "))));
  } else {
    log.line("error", "reload refused, nothing was changed: " + result.error().text());
  }
  return result;
}

}  // namespace

int run_monitor(const ConfigArgs& args, std::string_view version) {
  std::optional<config::Config> config = load_config(args);
  if (!config) return exit_configuration;
  // Whoever reads our log may go away; that is no reason to stop watching.
  std::signal(SIGPIPE, SIG_IGN);
  forbid_core_dumps();
  ShutdownSignal signal;
  Log log(config->log);
  for (const Error& warning : config->warnings) log.line("warning", warning.text());
  AppSettings settings = settings_from(*config);
  settings.api.version = version;
  const ServiceManager manager = ServiceManager::from_environment();
  settings.manager = manager;
  if (settings.record) settings.record->program = fmt::format("feedwatch {}", version);
  App app(std::move(settings),
          [&](std::string_view severity, std::string_view text) { log.line(severity, text); });
  app.observe([&](const engine::Control::Event& event) {
    if (event.type == engine::Control::Event::Type::notification) return;
    const bool bad = event.to == Level::stale || event.alert_state == "firing";
    log.line(bad ? "warning" : "info", event.subject + " " + event.text);
  });
  ReloadDesk desk;
  app.on_reload([&](ReloadDone done) { desk.ask(std::move(done)); });
  if (auto started = app.start(); !started) {
    print_error(started.error());
    return exit_configuration;
  }
  log.line("info", "listening on " + app.api_url());
  manager.ready("listening on " + app.api_url());
  if (config->venues.empty()) {
    log.line("warning", "no [[venue]] is configured: nothing is watched, health is unknown");
  }
  while (signal.wait({}) == ShutdownSignal::Signal::reload) {
    const ReloadResult result = reload(args, *config, app, log);
    for (ReloadDone& asker : desk.take()) app.answer(std::move(asker), result);
  }
  log.line("info", "stopping");
  manager.stopping();
  if (auto stopped = app.stop(); !stopped) {
    print_error(stopped.error());
    return exit_failure;
  }
  return exit_ok;
}

int run_config_check(const ConfigArgs& args) {
  const std::optional<config::Config> config = load_config(args);
  if (!config) return exit_configuration;
  std::size_t streams = 0;
  for (const engine::VenueOptions& venue : config->venues) streams += venue.streams.size();
  for (const Error& warning : config->warnings) {
    fmt::print(stderr, "feedwatch: warning: {}\n", warning.text());
  }
  fmt::print("configuration ok: {} venues, {} stream patterns\n", config->venues.size(), streams);
  return exit_ok;
}

int run_config_print(const ConfigArgs& args, bool json) {
  const std::optional<config::Config> config = load_config(args);
  if (!config) return exit_configuration;
  fmt::print("{}\n", json ? config::print_json(*config) : config::print_toml(*config));
  return exit_ok;
}

int run_config_schema() {
  fmt::print("{}\n", config::json_schema());
  return exit_ok;
}

}  // namespace feedwatch::app
