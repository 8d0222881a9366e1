#include "feedwatch/app/record.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "feedwatch/app/judgements.hpp"
#include "feedwatch/app/log.hpp"
#include "feedwatch/app/shard_recording.hpp"
#include "feedwatch/app/stop_on_signal.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"
#include "feedwatch/net/ws_transport.hpp"
#include "feedwatch/replay/ports.hpp"

namespace feedwatch::app {

namespace {

/// The lines of a configuration, judged on one loop and recorded. The control looks behind every
/// event, with the event's time, as it does when the recording is judged again.
class Recorder {
 public:
  Recorder(const RecordArgs& args, const config::Config& config);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  int run(std::string_view version);

 private:
  Result<void> build(std::string_view version);
  Result<void> start();
  void look(MonoTime now);
  void answer_later();
  int close();
  void print(MonoTime now) const;

  const RecordArgs& args_;
  AppSettings settings_;
  std::string config_;
  embed::SystemClock clock_;
  WallAnchor anchor_{.wall = clock_.wall_now(), .mono = clock_.now()};
  net::Reactor reactor_{clock_, {.anchor = anchor_}};
  StopOnSignal stop_{reactor_};  ///< before whatever has threads: signals are not theirs
  Log log_;
  Judgements judgements_{anchor_};
  replay::MemoryState state_;
  replay::NoJournal journal_{[this] { answer_later(); }};
  bool dirty_ = false;
  engine::StatusBoard status_{[this] { dirty_ = true; }};
  std::unique_ptr<ShardRecording> recording_;
  net::SystemResolver resolver_{reactor_};
  std::optional<net::WsTransport> transport_;
  std::optional<net::HttpClient> http_;
  std::unique_ptr<Wakeup> shard_wakeup_, control_wakeup_, end_wakeup_;
  std::optional<engine::Shard> shard_;
  std::optional<engine::Control> control_;  ///< after the shard, whose monitor it reads
};

Recorder::Recorder(const RecordArgs& args, const config::Config& config)
    : args_(args),
      settings_(settings_from(config)),
      config_(recorded_config(config)),
      log_(config.log) {}

Result<void> Recorder::build(std::string_view version) {
  auto recording = ShardRecording::begin(
      {.files = args_.files, .config = config_, .program = fmt::format("feedwatch {}", version)},
      {.clock = clock_, .state = state_, .anchor = anchor_, .seed = settings_.shard.seed},
      [this](std::string_view severity, std::string_view text) {
        log_.line(severity, text);
        reactor_.stop();
      });
  if (!recording) return std::unexpected(recording.error());
  recording_ = std::move(*recording);
  capture::Tap& tap = recording_->tap();
  transport_.emplace(reactor_, resolver_, tap);
  http_.emplace(reactor_, resolver_);
  shard_wakeup_ = reactor_.make_wakeup([this, &tap](MonoTime now) {
    tap.on_wakeup(now, [this](MonoTime at) { shard_->on_wakeup(at); });
  });
  control_wakeup_ = reactor_.make_wakeup([this](MonoTime now) { control_->on_wakeup(now); });
  shard_.emplace(settings_.shard, recording_->ports(*shard_wakeup_, status_));
  recording_->attach(*transport_, *http_, *shard_);
  tap.set_after([this](MonoTime now) { look(now); });
  control_.emplace(settings_.control,
                   engine::ControlPorts{.clock = tap,
                                        .wakeup = *control_wakeup_,
                                        .journal = journal_,
                                        .sinks = {},
                                        .status = status_,
                                        .monitor = std::as_const(*shard_).monitor()},
                   engine::Recovered{});
  control_->set_observer([this](const engine::Control::Event& event) {
    judgements_.note(event);
    if (event.type == engine::Control::Event::Type::notification) return;
    const bool bad = event.to == Level::stale || event.alert_state == "firing";
    log_.line(bad ? "warning" : "info", event.subject + " " + event.text);
  });
  return {};
}

void Recorder::look(MonoTime now) {
  while (std::exchange(dirty_, false)) control_->on_status(now);
}

void Recorder::answer_later() {
  reactor_.defer([this] { journal_.answer(); });
}

Result<void> Recorder::start() {
  control_->start();
  if (auto started = recording_->tap().start([this] { return shard_->start(); }); !started) {
    return started;
  }
  if (args_.run_for) {
    end_wakeup_ = reactor_.make_wakeup([this](MonoTime) { reactor_.stop(); });
    end_wakeup_->arm(clock_.now() + *args_.run_for);
  }
  return {};
}

int Recorder::run(std::string_view version) {
  if (auto built = build(version); !built) {
    print_error(built.error());
    return exit_failure;
  }
  if (auto started = start(); !started) {
    print_error(started.error());
    return exit_configuration;
  }
  log_.line("info", "recording into " + args_.files.directory.string());
  reactor_.run();
  return close();
}

int Recorder::close() {
  const MonoTime now = clock_.now();
  recording_->end();
  print(now);
  shard_->stop();
  const Result<void> closed = recording_->close();
  if (!closed) {
    print_error(closed.error());
    return exit_failure;
  }
  log_.line("info", fmt::format("{} files written", recording_->files()));
  if (recording_->lost() == 0) return exit_ok;
  print_error({.what = "record",
               .why = fmt::format("{} records were lost", recording_->lost()),
               .fix = "the disk does not keep up: record fewer streams or elsewhere"});
  return exit_failure;
}

void Recorder::print(MonoTime now) const {
  if (!args_.json) {
    fmt::print("{}", judgements_.text(*control_, *shard_, now));
    return;
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  judgements_.write_json(json, *control_, *shard_, now);
  json.field("lost_records", recording_->lost()).end_object();
  fmt::print("{}\n", out);
}

}  // namespace

std::optional<config::Config> load_config(const ConfigArgs& args, const VenueArgs& venue) {
  if (venue.venue.empty()) return load_config(args);
  std::string text = "[[venue]]\nname = " + json_quoted(venue.venue) + "\nstreams = [";
  for (const std::string& stream : venue.streams) text += json_quoted(stream) + ", ";
  text += "]\n";
  if (!venue.url.empty()) text += "url = " + json_quoted(venue.url) + "\n";
  if (!venue.rest_url.empty()) text += "rest_url = " + json_quoted(venue.rest_url) + "\n";
  return load_config_text(text, "command line", args);
}

int run_record(const RecordArgs& args, std::string_view version) {
  const std::optional<config::Config> config = load_config(args.config, args.venue);
  if (!config) return exit_configuration;
  return Recorder(args, *config).run(version);
}

}  // namespace feedwatch::app
