#include "feedwatch/app/db.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/store/admin.hpp"

namespace feedwatch::app {
namespace {

WallTime wall_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return wall_from_ns(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

/// Runs `body` with the options of [store].
template <class Body>
int with_store(const DbArgs& args, Body body) {
  const std::optional<config::Config> config = load_config(args.config);
  if (!config) return exit_configuration;
  return body(settings_from(*config).store);
}

int complain(const Error& error) {
  print_error(error);
  return exit_failure;
}

std::string status_json(const store::DatabaseStatus& status) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("kind", status.kind);
  json.field("place", status.place);
  json.field("schema_version", static_cast<std::uint64_t>(status.applied.size()));
  json.field("schema_known", static_cast<std::uint64_t>(status.known));
  json.field("bytes", status.bytes);
  json.field("in_use_by", status.writer);
  json.field("spool_bytes", status.spool_bytes);
  json.key("rows");
  json.begin_object();
  for (const auto& [table, rows] : status.rows) json.field(table, rows);
  json.end_object();
  json.end_object();
  return out;
}

void print_status(const store::DatabaseStatus& status) {
  fmt::print("{}  {}\n", status.kind, status.place);
  const std::size_t applied = status.applied.size();
  fmt::print("schema    {} of {}{}\n", applied, status.known,
             applied < status.known ? "  (run feedwatch db migrate)" : "");
  fmt::print("size      {:.1f} MiB\n", static_cast<double>(status.bytes) / 1048576.0);
  fmt::print("in use    {}\n", status.writer.empty() ? "by no monitor" : "by " + status.writer);
  fmt::print("spool     {} bytes wait\n", status.spool_bytes);
  for (const auto& [table, rows] : status.rows) fmt::print("  {:<24}{:>12}\n", table, rows);
}

std::string findings_json(const std::vector<std::string>& findings) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("ok", findings.empty());
  json.key("findings");
  json.begin_array();
  for (const std::string& each : findings) json.value(each);
  json.end_array();
  json.end_object();
  return out;
}

}  // namespace

int run_db_status(const DbArgs& args) {
  return with_store(args, [&](const store::StoreOptions& options) {
    const auto status = store::database_status(options);
    if (!status) return complain(status.error());
    if (args.json) {
      fmt::print("{}\n", status_json(*status));
    } else {
      print_status(*status);
    }
    return exit_ok;
  });
}

int run_db_migrate(const DbArgs& args) {
  return with_store(args, [&](const store::StoreOptions& options) {
    const auto applied = store::migrate_database(options, wall_now());
    if (!applied) return complain(applied.error());
    if (args.json) {
      fmt::print("{{\"applied\":{}}}\n", *applied);
    } else {
      fmt::print("{}\n", *applied == 0 ? std::string{"up to date"}
                                       : fmt::format("{} migrations applied", *applied));
    }
    return exit_ok;
  });
}

int run_db_check(const DbArgs& args) {
  return with_store(args, [&](const store::StoreOptions& options) {
    const auto findings = store::check_database(options, wall_now());
    if (!findings) return complain(findings.error());
    if (args.json) {
      fmt::print("{}\n", findings_json(*findings));
    } else if (findings->empty()) {
      fmt::print("sound\n");
    } else {
      for (const std::string& each : *findings) fmt::print("{}\n", each);
    }
    return findings->empty() ? exit_ok : exit_failure;
  });
}

int run_db_backup(const DbArgs& args) {
  return with_store(args, [&](const store::StoreOptions& options) {
    const auto done = store::back_up_database(options, args.file);
    if (!done) return complain(done.error());
    if (args.json) {
      std::string out;
      JsonWriter json(out);
      json.begin_object();
      json.field("file", args.file);
      json.end_object();
      fmt::print("{}\n", out);
    } else {
      fmt::print("{}\n", args.file);
    }
    return exit_ok;
  });
}

}  // namespace feedwatch::app
