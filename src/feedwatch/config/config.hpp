#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/config/document.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/options.hpp"
#include "feedwatch/muting/maintenance.hpp"
#include "feedwatch/signals/client.hpp"

namespace feedwatch::config {

struct EngineConfig {
  enum class Poll : std::uint8_t { block, busy };
  Poll poll = Poll::block;
  std::uint16_t shards = 1;
};

struct StoreConfig {
  std::string url;  ///< "sqlite:///absolute/path" or "postgresql://user@host:port/database?…"
  std::filesystem::path state_dir;
  std::filesystem::path password_file;  ///< of PostgreSQL's user; empty = none
};

struct ApiConfig {
  std::string host = "127.0.0.1";  ///< numeric address or "localhost"
  std::uint16_t port = 8420;       ///< 0 = any free one
  bool loopback = true;
  std::filesystem::path tls_cert_file, tls_key_file;  ///< both or none
  std::string token;  ///< the write token; empty = nothing can be changed. Secret.
  std::vector<std::string> allowed_hosts, allowed_origins;
};

struct BoardConfig {
  std::string shm;  ///< name of the shared file; empty = the board is in memory of our own
  std::filesystem::path directory;
  unsigned mode = 0600;
  std::size_t max_streams = 65'536;
};

struct RecordConfig {
  std::filesystem::path directory;  ///< empty = nothing is recorded
  std::uint64_t rotate_size = 0;    ///< bytes
  Duration rotate_every{};
  std::size_t keep = 0;  ///< 0 = all
  bool compress = true;
};

/// One [[sink]]; what its type has no use for is empty. Texts marked so are secret.
struct SinkConfig {
  enum class Type : std::uint8_t {
    log,
    webhook,
    alertmanager,
    slack,
    telegram,
    pagerduty,
    email,
    exec
  };
  Type type = Type::log;
  std::string name;
  std::string url;  ///< secret
  std::string ca_file;
  std::string token;        ///< secret: bearer token, bot token or routing key
  std::string signing_key;  ///< secret
  std::string chat;
  std::int64_t thread = 0;
  std::string from;
  std::vector<std::string> to;
  std::string user;
  std::string password;  ///< secret
  bool tls = true;
  std::vector<std::string> command;
  Duration timeout = 10s;
  Duration resend = 1min;
  bool critical_only = false;
  std::vector<std::pair<std::string, std::string>> match;  ///< label, pattern
  std::optional<std::int64_t> per_minute, burst;
};

struct LogConfig {
  enum class Level : std::uint8_t { debug, info, warning, error };
  enum class Format : std::uint8_t { text, json };
  Level level = Level::info;
  Format format = Format::text;
};

struct WatchdogConfig {
  bool enabled = true;
  engine::WatchdogOptions options;
  std::string url;  ///< empty = nobody is called. Secret.
  std::string ca_file;
};

/// The source of signals we listen to.
struct SignalsConfig {
  std::string pulse;
  signals::Client::Options client;  ///< URL and token are secret
};

/// Everything the app needs to start, checked. Immutable; any thread.
struct Config {
  std::vector<engine::VenueOptions> venues;
  PolicySet policies;
  std::optional<std::uint64_t> seed;  ///< absent = a fresh one
  EngineConfig engine;
  StoreConfig store;
  ApiConfig api;
  BoardConfig board;
  RecordConfig record;
  std::vector<SinkConfig> sinks;
  std::vector<SinkConfig> decision_webhooks;
  LogConfig log;
  engine::AlertOptions alerts;
  engine::rules::RuleSet rules;
  std::vector<PulseOptions> pulses;
  engine::PositionOptions positions;
  std::vector<std::filesystem::path> position_files;
  engine::RuleOptions position_rules;
  std::optional<SignalsConfig> signals;
  WatchdogConfig watchdog;
  std::vector<muting::Maintenance> maintenances;
  std::string external_url;     ///< where a person finds the monitor; may be empty
  std::vector<Error> warnings;  ///< no mistakes, and yet somebody should know
  Document document;            ///< what is in force and where each value came from, for print.hpp
};

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Where values come from, weakest first (after the defaults).
struct Sources {
  std::optional<std::filesystem::path> file;
  Variables environment;  ///< all of it: also HOME, STATE_DIRECTORY and the like are looked up here
  Variables flags;        ///< {"api.listen", "127.0.0.1:0"}: "--set" and the like, by key
};

/// The process's environment as Variables.
Variables environment_of(const char* const* environ);

/// Loads and checks everything; all mistakes at once, each with its place and what to do. Reads the
/// file and the files of secrets, nothing else.
std::expected<Config, std::vector<Error>> load(const Sources& sources);

/// The same with the file's text at hand; `name` stands in messages, `directory` is where relative
/// secret files are looked for.
std::expected<Config, std::vector<Error>> load_text(const std::string& text,
                                                    const std::string& name, const Sources& sources,
                                                    const std::filesystem::path& directory = ".");

}  // namespace feedwatch::config
