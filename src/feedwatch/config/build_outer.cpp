#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/build.hpp"
#include "feedwatch/config/overrides.hpp"
#include "feedwatch/config/url.hpp"
#include "feedwatch/shm/segment_file.hpp"

namespace feedwatch::config {
namespace {

constexpr std::size_t max_secret = 4096;
constexpr std::size_t min_token = 16;

std::string trimmed(std::string text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  text.erase(text.begin(), std::ranges::find_if_not(text, blank));
  return text;
}

std::filesystem::path secret_path(const std::string& written, const Surroundings& around) {
  const std::filesystem::path path(written);
  if (path.is_absolute()) return path;
  if (const auto directory = variable(around.environment, "CREDENTIALS_DIRECTORY")) {
    const std::filesystem::path candidate = std::filesystem::path(*directory) / path;
    std::error_code ignored;
    if (std::filesystem::exists(candidate, ignored)) return candidate;
  }
  return around.directory / path;
}

bool is_world_readable(const std::filesystem::path& path) {
  std::error_code failed;
  const auto mode = std::filesystem::status(path, failed).permissions();
  return !failed && (mode & std::filesystem::perms::others_read) != std::filesystem::perms::none;
}

std::optional<std::filesystem::path> default_state_dir(const Variables& environment) {
  if (const auto systemd = variable(environment, "STATE_DIRECTORY")) {
    return systemd->substr(0, systemd->find(':'));  // several are joined by colons; ours is first
  }
  if (const auto xdg = variable(environment, "XDG_STATE_HOME")) {
    return std::filesystem::path(*xdg) / "feedwatch";
  }
  if (const auto home = variable(environment, "HOME")) {
    return std::filesystem::path(*home) / ".local/state/feedwatch";
  }
  return std::nullopt;
}

/// Lets printing show what was worked out.
void show(Section& section, std::string_view key, std::string value) {
  section.settings.emplace(std::string(key), Setting{.value = std::move(value), .origin = {}});
}

void build_state_dir(Section& section, const Surroundings& around, Config& config,
                     Problems& problems) {
  if (section.given("state_dir")) {
    config.store.state_dir = section.text("state_dir");
  } else if (const auto path = default_state_dir(around.environment)) {
    config.store.state_dir = *path;
    show(section, "state_dir", path->string());
  } else {
    problems.add(
        section, "state_dir",
        "there is no default, because STATE_DIRECTORY, XDG_STATE_HOME and HOME are not set",
        "set state_dir in [store], or one of them");
    return;
  }
  if (!config.store.state_dir.is_absolute()) {
    problems.add(section, "state_dir",
                 json_quoted(config.store.state_dir.string()) + " is not an absolute path",
                 "begin it with /");
  }
}

void check_remote_listen(const Section& section, const ApiConfig& api, Problems& problems) {
  if (api.loopback) return;
  for (const std::string_view key : {"tls_cert_file", "tls_key_file", "token_file"}) {
    if (section.find(key) != nullptr) continue;
    problems.add(
        section, "listen",
        fmt::format("{} is not a loopback address and {} is not set", json_quoted(api.host), key),
        "set tls_cert_file, tls_key_file and token_file, or listen on 127.0.0.1");
    return;
  }
}

void check_lists(const Section& section, const ApiConfig& api, Problems& problems) {
  for (const std::string& host : api.allowed_hosts) {
    if (const auto url = parse_url("http://" + host); url && url->path.empty()) continue;
    problems.add(section, "allowed_hosts", json_quoted(host) + " is not a host name",
                 "write it as in \"monitor.example.com\"");
  }
  for (const std::string& origin : api.allowed_origins) {
    if (const auto url = parse_url(origin); is_web(url) && url->path.empty()) continue;
    problems.add(section, "allowed_origins", json_quoted(origin) + " is not an origin",
                 "write https://host[:port] without a path");
  }
}

/// "user:secret@" in front of the host, or a parameter behind it.
bool has_password(std::string_view url) {
  const std::string_view rest = url.substr(url.find("://") + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  const bool in_front = at != authority.npos && authority.substr(0, at).contains(':');
  return in_front || rest.contains("password=");
}

/// What can be said of it without the database's own library; the store says the rest.
void build_postgres(const Section& section, const Surroundings& around, StoreConfig& store,
                    Problems& problems) {
  if (has_password(store.url)) {
    // Not quoted: it holds a secret.
    problems.add(section, "url", "holds a password",
                 "put it into a file and name that in password_file");
  } else {
    const std::string_view rest = std::string_view(store.url).substr(store.url.find("://") + 3);
    const std::size_t slash = rest.find('/');
    const std::string_view path = slash == rest.npos ? "" : rest.substr(slash + 1);
    if (path.empty() || path.starts_with('?') || path.contains('\0')) {
      problems.add(section, "url", json_quoted(store.url) + " names no database",
                   "use postgresql://user@host:5432/database");
    }
  }
  if (!section.given("password_file")) return;
  // The store reads it at each connection, so that a password can be changed while it runs.
  if (read_secret(section, "password_file", around, problems)) {
    store.password_file = secret_path(section.text("password_file"), around);
  }
}

}  // namespace

std::optional<std::string> read_secret(const Section& section, std::string_view key,
                                       const Surroundings& around, Problems& problems) {
  const std::filesystem::path path = secret_path(section.text(key), around);
  std::ifstream in(path, std::ios::binary);
  std::string text(max_secret + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.empty() && (!in.is_open() || in.bad() || std::filesystem::is_directory(path))) {
    problems.add(section, key, fmt::format("cannot read {}", json_quoted(path.string())),
                 "create the file, readable for the user feedwatch runs as");
    return std::nullopt;
  }
  if (text.size() > max_secret) {
    problems.add(section, key,
                 fmt::format("{} is too large for a secret", json_quoted(path.string())),
                 fmt::format("it may hold {} bytes", max_secret));
    return std::nullopt;
  }
  if (is_world_readable(path)) {
    problems.warn(section, key,
                  fmt::format("{} is readable for everybody", json_quoted(path.string())),
                  "take that away with chmod o-r");
  }
  text = trimmed(std::move(text));
  if (!text.empty()) return text;
  problems.add(section, key, fmt::format("{} is empty", json_quoted(path.string())),
               "put the secret into it");
  return std::nullopt;
}

void check_ca_file(const Section& section, Problems& problems) {
  if (!section.given("ca_file")) return;
  const std::string& path = section.text("ca_file");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in.is_open() || std::filesystem::is_directory(path)) {
    problems.add(section, "ca_file", "cannot read " + json_quoted(path),
                 "name a PEM file, readable for the user feedwatch runs as");
  } else if (text << in.rdbuf(); text.view().find("-----BEGIN ") == std::string_view::npos) {
    problems.add(section, "ca_file", json_quoted(path) + " holds no certificate",
                 "name a PEM file with the authority's certificate");
  }
}

void build_store(Document& document, const Surroundings& around, Config& config,
                 Problems& problems) {
  Section& section = document.single("store");
  build_state_dir(section, around, config, problems);
  if (!section.given("url")) {
    if (config.store.state_dir.empty()) return;
    config.store.url = "sqlite://" + (config.store.state_dir / "feedwatch.db").string();
    show(section, "url", config.store.url);
    return;
  }
  config.store.url = section.text("url");
  constexpr std::string_view scheme = "sqlite://";
  const std::string_view url = config.store.url;
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    build_postgres(section, around, config.store, problems);
    return;
  }
  if (section.given("password_file")) {
    problems.add(section, "password_file", "stands beside a url that is not PostgreSQL's",
                 "remove it");
  }
  const std::string_view path = url.starts_with(scheme) ? url.substr(scheme.size()) : "";
  if (path.starts_with('/') && !path.ends_with('/') && path.find('\0') == path.npos) return;
  problems.add(section, "url", json_quoted(url) + " names no database",
               "use sqlite:///absolute/path/feedwatch.db or "
               "postgresql://user@host:5432/database");
}

void build_api(const Document& document, const Surroundings& around, Config& config,
               Problems& problems) {
  const Section& section = document.single("api");
  ApiConfig& api = config.api;
  if (const auto endpoint = parse_endpoint(section.text("listen"))) {
    api.host = endpoint->host;
    api.port = endpoint->port;
    api.loopback = is_loopback(api.host);
  } else if (section.given("listen")) {
    problems.add(section, "listen",
                 json_quoted(section.text("listen")) + " is not an address and a port",
                 "write it as in \"127.0.0.1:8420\" or \"[::1]:8420\"");
  }
  api.tls_cert_file = section.text("tls_cert_file");
  api.tls_key_file = section.text("tls_key_file");
  if (api.tls_cert_file.empty() != api.tls_key_file.empty()) {
    const bool cert = !api.tls_cert_file.empty();
    problems.add(section, cert ? "tls_cert_file" : "tls_key_file",
                 fmt::format("stands without {}", cert ? "tls_key_file" : "tls_cert_file"),
                 "set both or none");
  }
  api.allowed_hosts = section.list("allowed_hosts");
  api.allowed_origins = section.list("allowed_origins");
  check_remote_listen(section, api, problems);
  check_lists(section, api, problems);
  if (!section.given("token_file")) return;
  const auto token = read_secret(section, "token_file", around, problems);
  if (!token) return;
  api.token = *token;
  const bool plain = std::ranges::all_of(api.token, [](char c) { return c > ' ' && c < '\x7f'; });
  if (api.token.size() < min_token || !plain) {
    problems.add(section, "token_file", "its token is too short or holds blanks",
                 fmt::format("use at least {} visible characters", min_token));
  }
}

void build_board(const Document& document, Config& config, Problems& problems) {
  const Section& section = document.single("board");
  BoardConfig& board = config.board;
  board.shm = section.text("shm");
  board.directory = section.text("directory");
  board.mode = static_cast<unsigned>(std::stoul(section.text("mode"), nullptr, 8));
  board.max_streams = static_cast<std::size_t>(section.integer("max_streams"));
  if (!board.directory.is_absolute()) {
    problems.add(section, "directory",
                 json_quoted(board.directory.string()) + " is not an absolute path",
                 "begin it with /");
  }
  if (board.shm.empty()) return;
  if (const std::string why = shm::unusable_name(board.shm); !why.empty()) {
    problems.add(section, "shm", json_quoted(board.shm) + " " + why,
                 R"(name it as in "feedwatch")");
  }
}

void build_record(const Document& document, Config& config, Problems& problems) {
  const Section& section = document.single("record");
  RecordConfig& record = config.record;
  record.directory = section.text("directory");
  record.rotate_size = static_cast<std::uint64_t>(section.integer("rotate_mebibytes")) << 20U;
  record.rotate_every = section.duration("rotate_every");
  record.keep = static_cast<std::size_t>(section.integer("keep"));
  record.compress = section.flag("compress");
  if (record.directory.empty() || record.directory.is_absolute()) return;
  problems.add(section, "directory",
               json_quoted(record.directory.string()) + " is not an absolute path",
               "begin it with /");
}

void build_alerts(const Document& document, Config& config, Problems& problems) {
  const Section& section = document.single("alerts");
  engine::AlertOptions& alerts = config.alerts;
  alerts.keep_firing = section.duration("keep_firing");
  alerts.line_down_for = section.duration("line_down_for");
  alerts.group_wait = section.duration("group_wait");
  alerts.group_interval = section.duration("group_interval");
  alerts.repeat = section.duration("repeat");
  alerts.retry_first = section.duration("retry_first");
  alerts.retry_max = section.duration("retry_max");
  alerts.max_notifications = static_cast<std::size_t>(section.integer("max_notifications"));
  config.external_url = section.text("external_url");
  if (!config.external_url.empty() && !is_web(parse_url(config.external_url))) {
    problems.add(section, "external_url", json_quoted(config.external_url) + " is not a URL",
                 "write http://host[:port] or https://…");
  }
  if (alerts.retry_max < alerts.retry_first) {
    problems.add(section, "retry_max", "is below retry_first", "make it at least as long");
  }
}

}  // namespace feedwatch::config
