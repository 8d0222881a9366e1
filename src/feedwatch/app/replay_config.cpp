#include "feedwatch/app/replay_config.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/api/position_body.hpp"
#include "feedwatch/app/capture_survey.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/replay/player.hpp"

namespace feedwatch::app {

namespace {

using Loaded = std::expected<config::Config, std::vector<Error>>;

Loaded failed(Error error) {
  return std::unexpected(std::vector{std::move(error)});
}

Result<std::string> file_text(const std::string& what, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad() || (!in && text.empty())) {
    return std::unexpected(
        Error{what + " " + path, "cannot be read", "check the path and its permissions"});
  }
  return text;
}

/// Nothing of this host says how a recording is judged, but where its state would lie is looked up.
Loaded load_replayed(std::string text, const std::string& name, const ReplayArgs& args) {
  for (const std::string& policy : args.policies) {
    auto table = policy_table(policy);
    if (!table) return failed(table.error());
    text += *table;
  }
  return config::load_text(text, name,
                           {.file = {}, .environment = {{"HOME", "/"}}, .flags = args.config.set});
}

/// The named file, else a text that stands for it.
Loaded load_or(const ReplayArgs& args, const std::string& otherwise, const std::string& name) {
  if (args.config.file.empty()) return load_replayed(otherwise, name, args);
  auto text = file_text("configuration", args.config.file);
  if (!text) return failed(text.error());
  return load_replayed(std::move(*text), args.config.file, args);
}

ReplayPlan plan_of(const config::Config& config, std::uint64_t seed, WallAnchor anchor) {
  AppSettings settings = settings_from(config);
  settings.shard.seed = settings.control.seed = seed;
  return {.judge = {.shard = std::move(settings.shard),
                    .control = std::move(settings.control),
                    .anchor = anchor}};
}

std::expected<ReplayPlan, std::vector<Error>> plan_own(const ReplayArgs& args,
                                                       const CaptureSurvey& survey) {
  const capture::Session& header = *survey.header;
  auto config = load_or(args, header.config, "the recording");
  if (!config) return std::unexpected(std::move(config.error()));
  ReplayPlan plan =
      plan_of(*config, static_cast<std::uint64_t>(*header.seed),
              {.wall = wall_from_ns(*header.wall), .mono = mono_from_ns(*header.mono)});
  const bool as_recorded =
      args.config.file.empty() && args.config.set.empty() && args.policies.empty();
  plan.mode = as_recorded && survey.part == 1 ? ReplayMode::exact : ReplayMode::free;
  return plan;
}

std::expected<ReplayPlan, std::vector<Error>> plan_capture(const ReplayArgs& args,
                                                           const CaptureSurvey& survey) {
  auto text = args.config.file.empty() ? surveyed_config(survey) : Result<std::string>{};
  if (!text) return std::unexpected(std::vector{text.error()});
  auto config = load_or(args, *text, "the capture");
  if (!config) return std::unexpected(std::move(config.error()));
  // An age at the start of the boot-time clock is not for the freshness of anything.
  constexpr MonoTime begin{1h};
  ReplayPlan plan =
      plan_of(*config, config->seed.value_or(1),
              {.wall = survey.first.value_or(WallTime{}) - replay::capture_lead, .mono = begin});
  plan.judge.shard.instruments = false;  // nobody could answer
  plan.mode = ReplayMode::capture;
  return plan;
}

/// Where nobody says when a position was opened, it was at the recording's beginning.
Result<void> hold_positions(const std::string& path, replay::JudgeOptions& judge) {
  const auto text = file_text("positions", path);
  if (!text) return std::unexpected(text.error());
  auto list = api::parse_position_list(*text);
  if (!list) {
    Error error = list.error();
    error.what = "positions " + path;
    return std::unexpected(std::move(error));
  }
  if (!list->faults.empty()) {
    const engine::ListFault& first = list->faults.front();
    return std::unexpected(
        Error{fmt::format("positions {}, element {}", path, first.element), first.error.why, ""});
  }
  for (engine::PositionList::Element& element : list->elements) {
    if (!element.dated) element.position.opened_at = judge.anchor.wall;
    judge.positions.push_back({std::move(element.position), std::move(element.terms)});
  }
  return {};
}

}  // namespace

Result<std::string> policy_table(const std::string& text) {
  std::istringstream words(text);
  std::string match;
  words >> match;
  std::string table = "\n[[policy]]\nmatch = " + json_quoted(match) + "\n";
  std::size_t settings = 0;
  for (std::string word; words >> word; ++settings) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return std::unexpected(Error{"--policy " + json_quoted(text), "'" + word + "' has no value",
                                   "write MATCH KEY=VALUE, as in '*/mark stale_after=10s'"});
    }
    const std::string value = word.substr(equals + 1);
    const bool number =
        !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
    table += word.substr(0, equals) + " = " + (number ? value : json_quoted(value)) + "\n";
  }
  if (settings > 0) return table;
  return std::unexpected(Error{"--policy " + json_quoted(text), "it sets nothing",
                               "write MATCH KEY=VALUE, as in '*/mark stale_after=10s'"});
}

std::string_view to_text(ReplayMode mode) {
  switch (mode) {
    case ReplayMode::exact:
      return "exact";
    case ReplayMode::free:
      return "free";
    case ReplayMode::capture:
      return "capture";
  }
  return "";
}

std::expected<ReplayPlan, std::vector<Error>> plan_replay(const ReplayArgs& args) {
  const auto survey = survey_capture(args.files, args.venue);
  if (!survey) return std::unexpected(std::vector{survey.error()});
  auto plan = survey->header ? plan_own(args, *survey) : plan_capture(args, *survey);
  if (!plan || args.positions.empty()) return plan;
  if (const auto held = hold_positions(args.positions, plan->judge); !held) {
    return std::unexpected(std::vector{held.error()});
  }
  // What nobody held then was not asked for.
  if (plan->mode == ReplayMode::exact) plan->mode = ReplayMode::free;
  return plan;
}

}  // namespace feedwatch::app
