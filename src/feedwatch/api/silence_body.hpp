#pragma once

#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/muting/silence.hpp"

namespace feedwatch::api {

/// The body of a silence, Alertmanager's: {"matchers": [{"name", "value", "isRegex", "isEqual"}],
/// "startsAt", "endsAt", "createdBy", "comment"}, with "id" to change one. A matcher may also be a
/// text, "venue=\"v\"", and "for": "2h" stand for endsAt, counted from startsAt or `now`. Errors
/// name the field.
Result<muting::Silence> parse_silence(std::string_view body, WallTime now);

/// What a store kept.
Result<muting::Silence> silence_of(const SilenceRow& row);

/// {"id", "status": {"state"}, "matchers", "startsAt", …}, as Alertmanager shows it.
std::string silence_json(const muting::Silence& silence, WallTime now);

/// The body of an acknowledgement: {"by": "ann", "comment": "on it"}.
struct AckBody {
  std::string by, comment;
};
Result<AckBody> parse_ack(std::string_view body);

}  // namespace feedwatch::api
