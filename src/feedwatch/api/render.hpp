#pragma once

#include <span>
#include <string>

#include "feedwatch/api/server.hpp"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/engine/views.hpp"

/// Views as JSON, the shapes of docs/reference/http.md. Pure.
namespace feedwatch::api {

std::string stream_json(const engine::StreamView& view);
std::string line_json(const engine::LineView& view);
std::string alert_json(const engine::AlertView& view);
/// The same with its transitions and notifications; without a story both are null.
std::string alert_json(const engine::AlertView& view, const AlertStory* story);
std::string event_json(const HistoryEvent& event);
std::string venue_json(const engine::VenueStatus& venue);

/// application/health+json with our own fields beside; see also health_status_code.
std::string health_json(const engine::HealthView& view, std::string_view version);
/// 503 when the answer's status is "fail", else 200.
int health_status_code(const engine::HealthView& view);

std::string price_json(const StreamKey& key, const Price& price);

}  // namespace feedwatch::api
