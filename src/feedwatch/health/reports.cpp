#include "feedwatch/health/reports.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace feedwatch::health {
namespace {

Error wrong(const Report& report, std::string why, std::string fix) {
  return {.what = "component '" + report.name + "'", .why = std::move(why), .fix = std::move(fix)};
}

/// Names stand in metrics, logs and paths.
bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

}  // namespace

std::optional<Status> status_from_text(std::string_view text) {
  constexpr std::array all{Status::healthy, Status::degraded, Status::unhealthy, Status::critical,
                           Status::unknown};
  for (const Status status : all) {
    if (to_text(status) == text) return status;
  }
  return std::nullopt;
}

Result<void> Reports::put(Report report, MonoTime now) {
  if (!is_name(report.name) || report.name.size() > max_name) {
    return std::unexpected(
        wrong(report, "is no name of a component",
              fmt::format("use letters, digits and _ - . , at most {}", max_name)));
  }
  if (report.status == Status::unknown) {
    return std::unexpected(wrong(report, "reports the status unknown",
                                 "report healthy, degraded, unhealthy or critical; who knows "
                                 "nothing stays silent"));
  }
  if (report.ttl <= Duration::zero() || report.ttl > max_ttl) {
    return std::unexpected(wrong(report, "its ttl is not above zero and at most 24h",
                                 "give twice the time between two reports"));
  }
  if (report.message.size() > max_message) {
    return std::unexpected(
        wrong(report, fmt::format("its message is over {} bytes", max_message), "shorten it"));
  }
  const auto known = reports_.find(report.name);
  if (known == reports_.end() && reports_.size() >= max_reports) {
    return std::unexpected(
        wrong(report, fmt::format("there are {} others", max_reports), "withdraw one with DELETE"));
  }
  Entry& entry = reports_[report.name];
  entry.report = std::move(report);
  entry.at = now;
  ++entry.count;
  return {};
}

bool Reports::withdraw(std::string_view name) {
  const auto known = reports_.find(name);
  if (known == reports_.end()) return false;
  reports_.erase(known);
  return true;
}

Verdict Reports::verdict_of(const Entry& entry, MonoTime now) {
  const Duration age = now - entry.at;
  Verdict verdict{.status = entry.report.status,
                  .message = {},
                  .error_count = entry.report.status == Status::healthy ? 0U : 1U,
                  .metadata = {{"reports", fmt::format("{}", entry.count)},
                               {"ttl_seconds", fmt::format("{}", to_seconds(entry.report.ttl))}},
                  .measured = Measurement{to_seconds(age), "s"}};
  if (!entry.report.message.empty()) verdict.message = entry.report.message;
  // One that comes from the future is not believed; the time of the others is their own.
  verdict.evidence_age = std::min(age, entry.report.ttl);
  verdict.period = entry.report.ttl;
  if (age > entry.report.ttl) {
    verdict.status = Status::unknown;
    verdict.message = fmt::format("nothing reported for {:.0f}s (its report held for {:g}s)",
                                  to_seconds(age), to_seconds(entry.report.ttl));
  }
  return verdict;
}

void Reports::add_to(Registry& registry, MonoTime now) const {
  for (const auto& [name, entry] : reports_) {
    registry.add({.name = name, .type = name, .required = entry.report.required},
                 [&entry, now] { return verdict_of(entry, now); });
  }
}

}  // namespace feedwatch::health
