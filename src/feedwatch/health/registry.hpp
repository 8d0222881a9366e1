#pragma once

#include <functional>
#include <string>
#include <vector>

#include "feedwatch/health/checks.hpp"
#include "feedwatch/health/component.hpp"

namespace feedwatch::health {

/// The checks of a program, in the order added. A check that throws is critical with its message
/// and stops no other. None can hang: checks are functions of evidence gathered before, and what
/// did not come within check_limit is evidence itself (StoreEvidence::probe,
/// SelfEvidence::since_beat). Not thread-safe.
class Registry {
 public:
  using Check = std::function<Verdict()>;
  /// Told by the caller, because core code reads no clock.
  using Now = std::function<MonoTime()>;

  void add(std::string name, std::string type, bool required, Check check);
  /// Runs every check; `at` is the wall time the components carry.
  std::vector<Component> run(WallTime at, const Now& now) const;

 private:
  struct Entry {
    std::string name, type;
    bool required = true;
    Check check;
  };
  std::vector<Entry> entries_;
};

/// The worst of the required components; optional ones count as degraded at most. Unknown lies
/// between degraded and unhealthy: it is never healthy, and hides nothing that is known to be bad.
/// No component at all ⇒ unknown.
Status roll_up(const std::vector<Component>& components);

}  // namespace feedwatch::health
