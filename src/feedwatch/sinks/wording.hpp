#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/ports/sink.hpp"

namespace feedwatch::sinks {

/// In whose name a sink speaks.
struct Speaker {
  std::string instance;      ///< which monitor
  std::string external_url;  ///< where a person finds it, may be empty
};

/// Scope, alertname, severity and instance, sorted by name.
Labels all_labels(const Notice& notice, const Speaker& speaker);
/// "metadata" and "summary".
Labels annotations(const Notice& notice);
/// Where a person reads about this alert; empty when the monitor has no address.
std::string alert_url(const Notice& notice, const Speaker& speaker);

/// `{"name":"value",…}`
void write_object(JsonWriter& json, const Labels& members);

/// "[FIRING critical] message" of one notice.
std::string summary_of(const Notice& notice);
/// One line: the summary of a single notice, else "[FIRING 3, RESOLVED 1] venue=binance-spot".
std::string headline(const Notification& notification);
/// "… and 12 more"; empty when there are none.
std::string rest_line(std::size_t count);
/// Headline, a line a notice if there are several, the rest as a number.
std::vector<std::string> lines_of(const Notification& notification);

/// lines_of() joined by newlines, each one_line() of at most 500 code points and then `escape`d; as
/// many as fit in `limit` by `width`, the rest as a number.
std::string fitted_text(const Notification& notification, std::size_t limit,
                        const std::function<std::string(std::string)>& escape,
                        const std::function<std::size_t(std::string_view)>& width);
/// Lengths for it.
std::size_t utf16_length(std::string_view text);
std::size_t point_count(std::string_view text);

/// The longest front of `text` of at most `units` UTF-16 units that ends between two characters,
/// with "…" for its last one if something was cut off. Ill-formed bytes count as one character.
std::string cut_utf16(std::string_view text, std::size_t units);
/// The same by code points.
std::string cut_points(std::string_view text, std::size_t points);
/// The same by bytes, without a sign of it.
std::string_view cut_bytes(std::string_view text, std::size_t bytes);

/// Well-formed UTF-8, with what a terminal or a header would obey as blanks: a line stays a line.
std::string one_line(std::string_view text);

}  // namespace feedwatch::sinks
