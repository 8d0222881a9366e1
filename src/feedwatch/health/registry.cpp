#include "feedwatch/health/registry.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace feedwatch::health {
namespace {

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

}  // namespace

void Registry::add(std::string name, std::string type, bool required, Check check) {
  entries_.push_back({std::move(name), std::move(type), required, std::move(check)});
}

std::vector<Component> Registry::run(WallTime at, const Now& now) const {
  std::vector<Component> components;
  for (const auto& entry : entries_) {
    const MonoTime began = now();
    Verdict verdict = run_guarded(entry.check);
    Component component;
    component.name = entry.name;
    component.type = entry.type;
    component.status = verdict.status;
    component.last_check = at;
    component.response_time_ms = to_seconds(now() - began) * 1e3;
    component.error_count = verdict.error_count;
    component.error_message = std::move(verdict.message);
    component.metadata = std::move(verdict.metadata);
    component.required = entry.required;
    components.push_back(std::move(component));
  }
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
