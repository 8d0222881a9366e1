#include "feedwatch/health/registry.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <fmt/format.h>

namespace feedwatch::health {
namespace {

/// Evidence dated so far ahead may have come in while the others were judged.
constexpr Duration ahead_limit = 1s;

constexpr int rank(Status status) {
  // healthy, degraded, unhealthy, critical, unknown
  constexpr std::array<int, 5> order{0, 1, 3, 4, 2};
  return order[static_cast<std::size_t>(status)];
}

Verdict run_guarded(const Registry::Check& check) {
  try {
    return check();
  } catch (const std::exception& error) {
    return {Status::critical, error.what(), 1, {}};
  } catch (...) {
    return {Status::critical, "the check threw something that is no exception", 1, {}};
  }
}

void cut(Verdict& verdict, Duration took) {
  if (took <= check_limit) return;
  if (rank(verdict.status) < rank(Status::unhealthy)) verdict.status = Status::unhealthy;
  verdict.message = fmt::format("the check took {:.1f}s (limit {:g}s){}{}", to_seconds(took),
                                to_seconds(check_limit), verdict.message ? ": " : "",
                                verdict.message.value_or(""));
}

Component component_of(const ComponentOptions& options, Verdict verdict, WallTime at,
                       Duration took) {
  Component component;
  component.name = options.name;
  component.type = options.type;
  component.status = verdict.status;
  component.last_check = at;
  component.response_time_ms = to_seconds(took) * 1e3;
  component.error_count = verdict.error_count;
  component.error_message = std::move(verdict.message);
  component.metadata = std::move(verdict.metadata);
  component.required = options.required;
  component.measured = std::move(verdict.measured);
  if (component.status != Status::healthy) component.affected = std::move(verdict.affected);
  component.depends_on = options.depends_on;
  return component;
}

}  // namespace

void expire(Verdict& verdict) {
  if (!verdict.evidence_age) return;
  const Duration age = *verdict.evidence_age;
  if (age < -ahead_limit) {
    verdict.status = Status::unknown;
    verdict.message =
        fmt::format("its evidence is dated {:.1f}s ahead and not believed", -to_seconds(age));
  } else if (age > 2 * verdict.period) {
    verdict.status = Status::unknown;
    verdict.message = fmt::format("no evidence for {:.0f}s (expected every {:g}s)", to_seconds(age),
                                  to_seconds(verdict.period));
  }
}

void explain(std::vector<Component>& components) {
  for (Component& component : components) {
    if (component.status == Status::healthy) continue;
    for (const std::string& name : component.depends_on) {
      const auto cause = std::ranges::find(components, name, &Component::name);
      if (cause == components.end() || cause->status == Status::healthy) continue;
      component.because_of = name;
      break;
    }
  }
}

void Registry::add(ComponentOptions options, Check check) {
  entries_.push_back({std::move(options), std::move(check)});
}

std::vector<Component> Registry::run(WallTime at, const Now& now) const {
  std::vector<Component> components;
  components.reserve(entries_.size());
  for (const auto& entry : entries_) {
    const MonoTime began = now();
    Verdict verdict = run_guarded(entry.check);
    const Duration took = std::max(now() - began, Duration::zero());
    expire(verdict);
    cut(verdict, took);
    components.push_back(component_of(entry.options, std::move(verdict), at, took));
  }
  explain(components);
  return components;
}

Status roll_up(const std::vector<Component>& components) {
  if (components.empty()) return Status::unknown;
  Status worst = Status::healthy;
  for (const auto& component : components) {
    Status status = component.status;
    if (!component.required && rank(status) > rank(Status::degraded)) status = Status::degraded;
    if (rank(status) > rank(worst)) worst = status;
  }
  return worst;
}

}  // namespace feedwatch::health
