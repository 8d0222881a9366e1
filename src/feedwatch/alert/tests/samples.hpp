#pragma once

#include <string>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/alert/identity.hpp"

namespace feedwatch::alert {

inline constexpr MonoTime t0{1'000s};
inline const WallAnchor anchor{wall_from_ns(1'767'225'600'000'000'000), t0};

inline Finding found(std::string name, Labels labels, MonoTime since,
                     Severity severity = Severity::warning) {
  Finding finding;
  finding.name = std::move(name);
  finding.labels = std::move(labels);
  finding.identity = identity_of(finding.name, finding.labels);
  finding.since = since;
  finding.severity = severity;
  finding.message = finding.name + " message";
  return finding;
}

inline Labels stream_labels(std::string symbol, std::string venue = "v") {
  return {{"kind", "mark"}, {"symbol", std::move(symbol)}, {"venue", std::move(venue)}};
}

}  // namespace feedwatch::alert
