#include "feedwatch/app/doctor.hpp"

#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/app/disk_watch.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/store/query.hpp"
#include "feedwatch/store/sqlite/database.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::app {

using Outcome = Diagnosis::Outcome;

std::string_view to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::warning:
      return "warning";
    case Outcome::failed:
      return "failed";
  }
  return "failed";
}

namespace doctor {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t little_room = std::uint64_t{1} << 30U;
constexpr std::uint64_t no_room = std::uint64_t{64} << 20U;

Diagnosis room(std::string subject, const fs::path& path) {
  const health::DiskEvidence disk = disk_usage(subject, path);
  Diagnosis found{.check = "disk", .subject = path.string(), .found = {}, .fix = {}};
  if (!disk.error.empty()) {
    found.outcome = Outcome::failed;
    found.found = subject + ": " + disk.error;
    found.fix = "check that the file system is mounted";
    return found;
  }
  found.found = fmt::format("{}: {} MiB free of {} MiB", subject, disk.free_bytes >> 20U,
                            disk.total_bytes >> 20U);
  if (disk.free_bytes >= little_room) return found;
  found.outcome = disk.free_bytes < no_room ? Outcome::failed : Outcome::warning;
  found.fix = "make room, or put it elsewhere";
  return found;
}

/// A folder that is there and can be written, or can be made.
Diagnosis writable(std::string subject, const fs::path& folder, std::string fix) {
  Diagnosis found{.check = "permissions", .subject = folder.string(), .found = {}, .fix = {}};
  std::error_code error;
  fs::path at = folder;
  while (!at.empty() && at.has_relative_path() && !fs::exists(at, error)) at = at.parent_path();
  if (at.empty()) at = ".";
  const bool there = at == folder;
  if (there && !fs::is_directory(at, error)) {
    found.outcome = Outcome::failed;
    found.found = subject + ": is no folder";
    found.fix = std::move(fix);
  } else if (::access(at.c_str(), W_OK | X_OK) != 0) {
    found.outcome = Outcome::failed;
    found.found = there ? subject + ": cannot be written by this user"
                        : subject + ": does not exist, and cannot be made in " + at.string();
    found.fix = std::move(fix);
  } else {
    found.found = subject + (there ? ": can be written" : ": will be made at the start");
  }
  return found;
}

Diagnosis integrity(const fs::path& path) {
  Diagnosis found{.check = "database", .subject = path.string(), .found = {}, .fix = {}};
  try {
    store::Database database(path, store::Database::Mode::read_only, 2s);
    store::Statement check = database.prepare("PRAGMA quick_check(1)");
    const std::string said = check.step() ? check.text(0) : "it answered nothing";
    if (said == "ok") {
      found.found = "intact (quick_check)";
      return found;
    }
    found.found = "damaged: " + said;
  } catch (const std::exception& error) {
    found.found = std::string("cannot be read: ") + error.what();
  }
  found.outcome = Outcome::failed;
  found.fix = "stop the monitor, put the file aside and start again, or restore a backup";
  return found;
}

Diagnosis reachable(const std::string& shown, const std::string& url,
                    const std::filesystem::path& password_file) {
  Diagnosis found{.check = "database", .subject = shown, .found = {}, .fix = {}};
  const auto query = store::open_query(url, password_file);
  const auto alerts = query ? (*query)->open_alerts() : std::unexpected(query.error());
  if (alerts) {
    found.found = fmt::format("answers; {} alerts are open", alerts->size());
    return found;
  }
  found.outcome = Outcome::failed;
  found.found = alerts.error().text();
  found.fix = "check [store] url, and that this user may use the database";
  return found;
}

}  // namespace

std::vector<Diagnosis> warnings(const config::Config& config) {
  std::vector<Diagnosis> found;
  for (const Error& warning : config.warnings) {
    found.push_back({.check = "configuration",
                     .subject = warning.what,
                     .outcome = Outcome::warning,
                     .found = warning.why,
                     .fix = warning.fix});
  }
  return found;
}

std::vector<Diagnosis> clock() {
  Diagnosis found{.check = "clock", .subject = {}, .found = {}, .fix = {}};
  struct timex time{};
  const int state = ::adjtimex(&time);
  if (state < 0) {
    found.outcome = Outcome::warning;
    found.found = "the kernel does not say whether the clock is synchronized";
    found.fix = "make sure that a time service runs on this host";
  } else if (state == TIME_ERROR || (time.status & STA_UNSYNC) != 0) {
    found.outcome = Outcome::warning;
    found.found = "the kernel says that the clock is not synchronized";
    found.fix = "enable a time service: apt install chrony, or systemctl enable systemd-timesyncd";
  } else {
    found.found = fmt::format("synchronized, within {:.3f}s by the kernel's estimate",
                              static_cast<double>(time.maxerror) / 1e6);
  }
  return {found};
}

std::vector<Diagnosis> places(const config::Config& config) {
  std::vector<Diagnosis> found;
  const auto look = [&](const std::string& what, const fs::path& folder, const char* fix) {
    found.push_back(room(what, folder));
    found.push_back(writable(what, folder, fix));
  };
  look("state directory", config.store.state_dir,
       "set [store] state_dir to a folder this user may write, or give it to this user");
  if (!config.record.directory.empty()) {
    look("recording", config.record.directory,
         "set [record] directory to a folder this user may write, or give it to this user");
  }
  return found;
}

std::vector<Diagnosis> database(const config::Config& config) {
  const auto path = store::sqlite_path(config.store.url);
  // Of other databases the URL may hold a password.
  if (!path) {
    return {reachable("[store] url", config.store.url, config.store.password_file)};
  }
  std::vector<Diagnosis> found;
  found.push_back(writable("folder of the database", path->parent_path(),
                           "set [store] url to a file in a folder this user may write"));
  std::error_code error;
  if (!fs::exists(*path, error)) {
    found.push_back({.check = "database",
                     .subject = path->string(),
                     .found = "does not exist; it will be made at the start",
                     .fix = {}});
    return found;
  }
  if (::access(path->c_str(), R_OK | W_OK) != 0) {
    found.push_back({.check = "permissions",
                     .subject = path->string(),
                     .outcome = Outcome::failed,
                     .found = "the database cannot be read and written by this user",
                     .fix = "run as the user of the monitor, or give the file to this one"});
    return found;
  }
  found.push_back(reachable(path->string(), config.store.url, {}));
  found.push_back(integrity(*path));
  return found;
}

}  // namespace doctor

namespace {

void print(const std::vector<Diagnosis>& all, std::ostream& out) {
  for (const Diagnosis& one : all) {
    const std::string_view mark = one.outcome == Outcome::ok        ? "ok     "
                                  : one.outcome == Outcome::warning ? "warning"
                                                                    : "FAILED ";
    out << mark << ' ' << one.check;
    if (!one.subject.empty()) out << ' ' << api::printable(one.subject);
    out << ": " << api::printable(one.found);
    if (!one.fix.empty()) out << "\n        -> " << api::printable(one.fix);
    out << '\n';
  }
}

void print_json(const std::vector<Diagnosis>& all, bool ok, std::ostream& out) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("ok", ok).key("checks").begin_array();
  for (const Diagnosis& one : all) {
    json.begin_object().field("check", one.check).field("subject", one.subject);
    json.field("outcome", to_text(one.outcome)).field("found", one.found);
    json.field("fix", one.fix).end_object();
  }
  json.end_array().end_object();
  out << api::printable_json(text) << '\n';
}

}  // namespace

int run_doctor(const ConfigArgs& args, bool json, std::ostream& out) {
  const std::optional<config::Config> config = load_config(args);
  if (!config) return exit_configuration;
  std::vector<Diagnosis> all{{.check = "configuration",
                              .subject = args.file,
                              .found = fmt::format("can be read; {} venues", config->venues.size()),
                              .fix = {}}};
  const auto add = [&all](std::vector<Diagnosis> more) {
    all.insert(all.end(), std::move_iterator(more.begin()), std::move_iterator(more.end()));
  };
  add(doctor::warnings(*config));
  add(doctor::clock());
  add(doctor::places(*config));
  add(doctor::database(*config));
  add(doctor::listening(*config));
  add(doctor::venues(*config));
  add(doctor::receivers(*config));
  const bool ok = std::ranges::none_of(
      all, [](const Diagnosis& one) { return one.outcome == Outcome::failed; });
  if (json) {
    print_json(all, ok, out);
  } else {
    print(all, out);
  }
  return ok ? exit_ok : exit_failure;
}

}  // namespace feedwatch::app
