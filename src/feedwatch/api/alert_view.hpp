#pragma once

#include <string>
#include <string_view>

#include "feedwatch/api/client_view.hpp"

/// Alerts and silences as a client shows them (`feedwatch alerts`, `silence`). Pure; every text is
/// printable and ends with a newline. Errors say that the answer is none of a feedwatch monitor.
namespace feedwatch::api {

/// Two lines each: id, severity, state, since, name and scope; the message below.
Result<std::string> alerts_text(const ListPage& alerts);
/// One alert with all there is to say, as /v1/alerts/{id} serves it.
Result<std::string> alert_text(std::string_view body);
/// Two lines each: id, state, end, matchers; who and why below.
Result<std::string> silences_text(const ListPage& silences);
/// What /v1/silences answers to a new one: its id.
Result<std::string> silence_id(std::string_view body);

}  // namespace feedwatch::api
