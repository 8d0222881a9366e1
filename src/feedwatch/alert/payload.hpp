#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/base/ports/sink.hpp"

namespace feedwatch::alert {

/// What is told of a change, for every sink alike; times become UTC by `anchor`.
Notice notice_of(const Change& change, const WallAnchor& anchor);

/// The state a row tells of, as the newest change would have been told.
Notice notice_of(const AlertRow& row);

/// A notice as one JSON object, as it stands in NotificationRow::payload until it has left.
std::string notice_record(const Notice& notice);

/// The inverse. Strict: reads what notice_record() writes and nothing else, with members in that
/// order. Ill-formed UTF-8 has become U+FFFD on the way.
std::optional<Notice> read_notice(std::string_view record);

/// The same on every attempt and after a restart: alert id, state, severity, and for a repeat its
/// moment, which no other run has counted otherwise.
std::string notification_key(const Change& change, const WallAnchor& anchor);

/// The id of a message that holds these notices, whatever their order: of one its own key.
std::string set_key(std::span<const std::string_view> keys);

}  // namespace feedwatch::alert
