#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/base/ports/journal.hpp"

/// What rows of notifications say of whether anybody was told.
namespace feedwatch::alert {

// Why a row ended as failed although no sink was ever offered it.
inline constexpr std::string_view muted_note = "muted";
inline constexpr std::string_view replaced_note = "replaced by later news";
inline constexpr std::string_view ended_note = "ended before it was told";
inline constexpr std::string_view dropped_note = "dropped: too many undelivered";

/// Whether the row ended without being offered to its sink.
bool never_left(const NotificationRow& row);

/// The highest severity of an open alert that left for somebody, or is to leave.
std::optional<Severity> told_by(std::span<const NotificationRow> rows, std::string_view alert_id);

}  // namespace feedwatch::alert
