#pragma once

#include <string>
#include <string_view>

#include "feedwatch/alert/alert.hpp"

namespace feedwatch::alert {

/// What a payload says beside the alert itself.
struct Envelope {
  std::string receiver;      ///< the sink's name
  std::string instance;      ///< which monitor speaks
  std::string external_url;  ///< where a person finds it, may be empty
};

/// One alert as a webhook receiver of Alertmanager expects it: the JSON of version "4"
/// (facts/monitoring.md §1.3). Labels hold name, severity, scope and instance, never an age; the
/// fingerprint is that of the identity, so that a rising severity stays the same alert. An alert
/// that still fires ends at the receiver's zero time.
std::string webhook_payload(const Change& change, const Envelope& envelope,
                            const WallAnchor& anchor);

/// One line for people: "[FIRING critical] message".
std::string summary_of(const Alert& alert);

/// The same on every attempt and after a restart: alert id, state, severity, and for a repeat
/// which.
std::string notification_key(const Change& change);

}  // namespace feedwatch::alert
