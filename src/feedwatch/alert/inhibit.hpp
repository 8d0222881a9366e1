#pragma once

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/alert/lifecycle.hpp"

namespace feedwatch::alert {

/// One cause, one alert: whether a finding has to wait because an open alert already tells it.
///
/// What explains it may still be pending (a venue that has just gone down explains its streams
/// before it may itself fire) and explains until it resolves. What it merely yields to is another
/// view of the same trouble, and counts only while it is true. Nothing explains itself.
inline bool is_held_back(const Finding& finding, const Lifecycle& lifecycle) {
  for (const auto& cause : finding.explained_by) {
    if (cause != finding.identity && lifecycle.find(cause) != nullptr) return true;
  }
  for (const auto& other : finding.yields_to) {
    if (other != finding.identity && lifecycle.is_active(other)) return true;
  }
  return false;
}

}  // namespace feedwatch::alert
