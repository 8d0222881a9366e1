#include "feedwatch/app/shard_recording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "feedwatch/config/print.hpp"
#include "feedwatch/config/schema.hpp"

namespace feedwatch::app {

namespace {

/// Tables that say how a recording is judged.
bool judges(const config::Section& section) {
  constexpr std::array<std::string_view, 4> names{"", "venue", "policy", "alerts"};
  return std::ranges::find(names, section.table->name) != names.end();
}

}  // namespace

std::string recorded_config(const config::Config& config) {
  config::Config kept;
  kept.document = config.document;
  std::erase_if(kept.document.sections, [](const config::Section& section) {
    return section.table->array && !judges(section);
  });
  for (config::Section& section : kept.document.sections) {
    if (!judges(section)) section.settings.clear();
    section.settings.erase("ca_file");
  }
  return config::print_toml(kept);
}

ShardRecording::ShardRecording(RecordSettings settings, Ports ports,
                               std::function<void(std::string_view, std::string_view)> log)
    : recording_(std::move(settings.files), ports.clock, ports.anchor,
                 [log = std::move(log)](const Error& error) {
                   log("error", "recording stopped: " + error.text());
                 }),
      tap_({.clock = ports.clock, .state = &ports.state}, ports.anchor, recording_) {}

Result<std::unique_ptr<ShardRecording>> ShardRecording::begin(
    RecordSettings settings, Ports ports,
    std::function<void(std::string_view severity, std::string_view text)> log) {
  const capture::SessionHeader header{.anchor = ports.anchor,
                                      .seed = ports.seed,
                                      .config = settings.config,
                                      .program = settings.program};
  std::unique_ptr<ShardRecording> made(
      new ShardRecording(std::move(settings), ports, std::move(log)));
  if (auto begun = made->recording_.begin(capture::header_line(header)); !begun) {
    return std::unexpected(begun.error());
  }
  return made;
}

void ShardRecording::attach(Transport& transport, HttpFetch& http, FrameSink& shard) {
  tap_.inner().transport = &transport;
  tap_.inner().http = &http;
  tap_.inner().shard = &shard;
}

void ShardRecording::tell_lost(const std::function<void(std::string_view, std::string_view)>& log) {
  const std::uint64_t lost = tap_.lost();
  // The end of a recording, after which everything is lost, was told as it happened.
  if (lost == lost_told_ || recording_.failed()) return;
  log("warning",
      fmt::format("the recording lacks {} records: the disk does not keep up", lost - lost_told_));
  lost_told_ = lost;
}

engine::ShardPorts ShardRecording::ports(Wakeup& wakeup, engine::StatusBoard& status) {
  return {.clock = tap_,
          .wakeup = wakeup,
          .transport = tap_,
          .http = tap_,
          .state = tap_,
          .status = status};
}

}  // namespace feedwatch::app
