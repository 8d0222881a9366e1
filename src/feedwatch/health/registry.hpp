#pragma once

#include <functional>
#include <string>
#include <vector>

#include "feedwatch/health/checks.hpp"
#include "feedwatch/health/component.hpp"

namespace feedwatch::health {

/// What is known of a component beside what its check finds.
struct ComponentOptions {
  std::string name;
  std::string type;
  bool required = true;
  /// Names of components whose trouble explains its own; those that are not there explain nothing.
  std::vector<std::string> depends_on = {};
};

/// The checks of a program, in the order added. A check is a function of evidence gathered before,
/// so none can wait for anything, and whatever it does stops no other:
///
/// * one that throws is critical with its message;
/// * one that takes longer than check_limit is unhealthy at best; what is asked elsewhere and not
///   answered by then is evidence itself (StoreEvidence::probe, LoopEvidence::since_beat);
/// * one whose evidence is older than two of its periods, or comes from the future, is unknown;
/// * one in trouble that depends on another one in trouble names it as the cause.
///
/// Not thread-safe.
class Registry {
 public:
  using Check = std::function<Verdict()>;
  /// Told by the caller, because core code reads no clock.
  using Now = std::function<MonoTime()>;

  void add(ComponentOptions options, Check check);
  /// Runs every check; `at` is the wall time the components carry.
  std::vector<Component> run(WallTime at, const Now& now) const;

 private:
  struct Entry {
    ComponentOptions options;
    Check check;
  };
  std::vector<Entry> entries_;
};

/// What the registry does to a verdict whose evidence is too old, or cannot be: unknown.
void expire(Verdict& verdict);

/// Names the cause of each component in trouble that depends on another one in trouble.
void explain(std::vector<Component>& components);

/// The worst of the required components; optional ones count as degraded at most. Unknown lies
/// between degraded and unhealthy: it is never healthy, and hides nothing that is known to be bad.
/// No component at all ⇒ unknown.
Status roll_up(const std::vector<Component>& components);

}  // namespace feedwatch::health
