#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/build.hpp"
#include "feedwatch/config/config.hpp"
#include "feedwatch/config/overrides.hpp"
#include "feedwatch/config/read_toml.hpp"
#include "feedwatch/config/schema.hpp"

namespace feedwatch::config {
namespace {

constexpr std::size_t max_file = 4U << 20U;

Result<std::string> read_file(const std::filesystem::path& path) {
  const auto fail = [&path](std::string why, std::string fix) {
    return std::unexpected(Error{"configuration " + path.string(), std::move(why), std::move(fix)});
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return fail("is a directory", "name the file in it");
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(std::strerror(errno), "check the path and its permissions");
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (text.size() > max_file) {
    return fail(fmt::format("has {} bytes", text.size()),
                fmt::format("a configuration may have {}", max_file));
  }
  return text;
}

void build_log(const Document& document, Config& config) {
  const Section& section = document.single("log");
  const std::string& level = section.text("level");
  using Level = LogConfig::Level;
  config.log.level = level == "debug"     ? Level::debug
                     : level == "warning" ? Level::warning
                     : level == "error"   ? Level::error
                                          : Level::info;
  config.log.format =
      section.text("format") == "json" ? LogConfig::Format::json : LogConfig::Format::text;
}

void build_engine(const Document& document, Config& config, Problems& problems) {
  using Poll = EngineConfig::Poll;
  const bool busy = document.single("engine").text("poll") == "busy";
  config.engine.poll = busy ? Poll::busy : Poll::block;
  config.engine.shards = static_cast<std::uint16_t>(document.single("engine").integer("shards"));
  const bool recorded = !document.single("record").text("directory").empty();
  if (config.engine.shards > 1 && recorded) {
    problems.add(document.single("engine"), "shards", "several shards cannot be recorded",
                 "use one, or remove [record]");
  }
}

Config build(Document document, const Surroundings& around, Problems& problems) {
  Config config;
  require_keys(document, problems);
  build_policies(document, config, problems);
  build_venues(document, config, problems);
  build_engine(document, config, problems);
  build_store(document, around, config, problems);
  build_api(document, around, config, problems);
  build_board(document, config, problems);
  build_record(document, config, problems);
  build_sinks(document, around, config, problems);
  build_alerts(document, config, problems);
  build_rules(document, config, problems);
  build_pulses(document, config, problems);
  build_signals(document, around, config, problems);
  build_watchdog(document, around, config, problems);
  build_positions(document, config, problems);
  build_position_rules(document, config, problems);
  check_protection(document, config, problems);
  build_decision_webhooks(document, around, config, problems);
  build_maintenances(document, config, problems);
  build_log(document, config);
  if (document.single("").given("seed")) {
    config.seed = static_cast<std::uint64_t>(document.single("").integer("seed"));
  }
  config.document = std::move(document);
  return config;
}

std::expected<Config, std::vector<Error>> finish(Document document, const Sources& sources,
                                                 const std::filesystem::path& directory,
                                                 Problems& problems) {
  apply_environment(document, sources.environment, problems);
  apply_flags(document, sources.flags, problems);
  apply_defaults(document);
  Config config = build(std::move(document), {sources.environment, directory}, problems);
  if (!problems.empty()) return std::unexpected(problems.take());
  config.warnings = problems.take_warnings();
  return config;
}

}  // namespace

void require_keys(const Document& document, Problems& problems) {
  for (const Section& section : document.sections) {
    for (const Key& key : section.table->keys) {
      if (!key.required || section.find(key.name) != nullptr) continue;
      problems.add(section, key.name, "is missing",
                   fmt::format("every [[{}]] needs one", section.table->name));
    }
  }
}

Variables environment_of(const char* const* environ) {
  Variables out;
  for (; environ != nullptr && *environ != nullptr; ++environ) {
    const std::string_view entry(*environ);
    const std::size_t equals = entry.find('=');
    if (equals == entry.npos) continue;
    out.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return out;
}

std::expected<Config, std::vector<Error>> load_text(const std::string& text,
                                                    const std::string& name, const Sources& sources,
                                                    const std::filesystem::path& directory) {
  Problems problems;
  Document document = read_toml(text, name, problems);
  return finish(std::move(document), sources, directory, problems);
}

std::expected<Config, std::vector<Error>> load(const Sources& sources) {
  if (!sources.file) {
    Problems problems;
    return finish(empty_document(), sources, ".", problems);
  }
  Result<std::string> text = read_file(*sources.file);
  if (!text) return std::unexpected(std::vector{text.error()});
  const std::filesystem::path directory = sources.file->parent_path();
  return load_text(*text, sources.file->string(), sources, directory.empty() ? "." : directory);
}

}  // namespace feedwatch::config
