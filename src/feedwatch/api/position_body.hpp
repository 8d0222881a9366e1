#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/api/history.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/engine/position_list.hpp"
#include "feedwatch/engine/positions.hpp"

/// Positions as JSON, and back on the other side (docs/reference/http.md). Pure.
namespace feedwatch::api {

/// The body of PUT /v1/positions/{id}: what stands in the path is the id. Numbers are texts, or
/// JSON numbers, which are read digit by digit.
struct PositionBody {
  engine::TermsSaid said;  ///< of its terms; of a list only
  Position position;
  bool dated = false;  ///< it says when it was opened
  std::optional<Duration> ttl;
  std::string owner = "api";
  PositionTerms terms = {};
};
/// Errors name the field, what is wrong with it and what would be right.
Result<PositionBody> parse_position(std::string id, std::string_view body);
/// The body of PUT /v1/position-sources/{name}: {"ready": true, "positions": [{"id": "p1", …}]}.
/// What cannot be read of one element is a fault of the list. Errors, of which nothing can be
/// taken: it is no such object, a member stands twice in one, one position is listed twice.
Result<engine::PositionList> parse_position_list(std::string_view body);
/// The same the other way.
std::string position_body(const PositionBody& wish);

/// "unprotected", "unserved", "refused" or "protected".
std::string_view state_of(const engine::PositionView& view);
/// `utc`: moments of this process as UTC.
std::string position_json(const engine::PositionView& view,
                          const std::vector<PositionListing>& listings,
                          const std::function<WallTime(MonoTime)>& utc, MonoTime now);

/// A source of positions as it stands.
std::string source_json(const PositionSourceView& source,
                        const std::function<WallTime(MonoTime)>& utc);
/// The same with what became of its list.
std::string taken_json(const engine::ListTaken& taken,
                       const std::function<WallTime(MonoTime)>& utc);

/// {"confirmed": true}: whether what was proposed has been carried out.
Result<bool> parse_confirmation(std::string_view body);

/// {"decisions": […], "next_cursor": "7"}: the number to go on behind, also where nothing came
/// after `after` yet.
std::string decisions_json(const std::vector<WrittenDecision>& written, std::int64_t after);

/// GET /v1/positions as lines for a terminal.
Result<std::string> position_table(std::string_view body);
/// GET /v1/position-sources as lines for a terminal.
Result<std::string> source_table(std::string_view body);
/// What became of a list, for a terminal.
struct TakenView {
  bool whole = false;  ///< nothing of it was refused
  std::string text;
};
Result<TakenView> parse_taken(std::string_view body);

}  // namespace feedwatch::api
