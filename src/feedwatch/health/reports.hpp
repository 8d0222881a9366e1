#pragma once

#include <map>
#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/health/checks.hpp"
#include "feedwatch/health/registry.hpp"

namespace feedwatch::health {

/// What something outside this process says of itself (a risk manager, a strategy): it is shown as
/// a component of its own, for as long as it says so.
struct Report {
  std::string name;
  Status status = Status::unknown;  ///< never `unknown` in a report that is taken
  std::string message;
  Duration ttl = 60s;     ///< how long it holds; afterwards the component is unknown
  bool required = false;  ///< whether readiness and the aggregate need it
};

/// The newest report of each name. One whose time is over is no evidence: its component is unknown,
/// and stays listed until it is withdrawn, because forgetting it would hide that it fell silent.
/// Bounded; survives no restart. Not thread-safe.
class Reports {
 public:
  static constexpr std::size_t max_reports = 64;
  static constexpr std::size_t max_name = 64;
  static constexpr std::size_t max_message = 1'000;
  static constexpr Duration max_ttl = std::chrono::hours{24};

  /// The error says what is wrong with it, or that there are too many.
  Result<void> put(Report report, MonoTime now);
  /// False when there was none.
  bool withdraw(std::string_view name);
  /// Adds a check for each, as of `now`. Must not outlive this.
  void add_to(Registry& registry, MonoTime now) const;
  bool has(std::string_view name) const { return reports_.contains(name); }

 private:
  struct Entry {
    Report report;
    MonoTime at{};
    std::uint64_t count = 0;
  };
  static Verdict verdict_of(const Entry& entry, MonoTime now);

  std::map<std::string, Entry, std::less<>> reports_;
};

/// The status of a word; nullopt for any other.
std::optional<Status> status_from_text(std::string_view text);

}  // namespace feedwatch::health
