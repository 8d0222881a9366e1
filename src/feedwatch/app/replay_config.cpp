#include "feedwatch/app/replay_config.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::app {

namespace {

using Loaded = std::expected<config::Config, std::vector<Error>>;

Loaded failed(Error error) {
  return std::unexpected(std::vector{std::move(error)});
}

Result<std::string> file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad() || (!in && text.empty())) {
    return std::unexpected(
        Error{"configuration " + path, "cannot be read", "check the path and its permissions"});
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

Loaded load(const ReplayArgs& args, const capture::Session& header) {
  if (args.config.file.empty()) return load_replayed(header.config, "the recording", args);
  auto text = file_text(args.config.file);
  if (!text) return failed(text.error());
  return load_replayed(std::move(*text), args.config.file, args);
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

std::expected<ReplayPlan, std::vector<Error>> plan_replay(const ReplayArgs& args,
                                                          const capture::Record& first) {
  if (first.session == nullptr) {
    return std::unexpected(std::vector{Error{args.files.front(), "is no recording of feedwatch's",
                                             "record with `feedwatch record`"}});
  }
  const capture::Session& header = *first.session;
  auto config = load(args, header);
  if (!config) return std::unexpected(std::move(config.error()));
  AppSettings settings = settings_from(*config);
  settings.shard.seed = settings.control.seed = static_cast<std::uint64_t>(*header.seed);
  ReplayPlan plan{.judge = {.shard = std::move(settings.shard),
                            .control = std::move(settings.control),
                            .anchor = {.wall = wall_from_ns(*header.wall),
                                       .mono = mono_from_ns(*header.mono)}}};
  plan.exact = args.config.file.empty() && args.config.set.empty() && args.policies.empty();
  return plan;
}

}  // namespace feedwatch::app
