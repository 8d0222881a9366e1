#include "feedwatch/app/capture_survey.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <memory>
#include <utility>

#include "feedwatch/app/replay_source.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::app {

namespace {

using capture::Record;

constexpr std::size_t most_records = 100'000;

/// Reads records of others until it knows enough. Lives for one survey.
class Surveyor {
 public:
  explicit Surveyor(std::string venue) : venue_(std::move(venue)) {}

  void take(const Record& record) {
    if (record.direction != capture::Direction::received) return;
    if (!first_) first_ = record.ts;
    if (venue_.empty()) venue_ = venue_of(record.address);
    const venues::Venue* const venue = venues::find_venue(venue_);
    if (venue == nullptr) return;
    if (!record.address.empty() &&
        !venues::serves(*venues::find_venue_side(venue_), record.address)) {
      return;
    }
    auto& decoder = decoders_[std::string(record.connection)];
    if (!decoder) decoder = venue->make_decoder();
    decoded_.clear();
    const Frame frame{record.binary ? FrameType::binary : FrameType::text, record.text};
    if (!decoder->decode(frame, decoded_)) return;
    for (const WireTick& tick : decoded_.ticks) {
      if (tick.fields.any()) {
        streams_.insert(fmt::format("{}/{}", tick.symbol, to_text(tick.kind)));
      }
    }
  }

  CaptureSurvey survey() && {
    CaptureSurvey survey{.header = {}, .first = first_, .venue = std::move(venue_)};
    survey.streams = list(streams_);
    return survey;
  }

  template <class Texts>
  static std::string list(const Texts& texts) {
    std::vector<std::string> quoted;
    for (const std::string& text : texts) quoted.push_back(json_quoted(text));
    return texts.empty() ? "" : fmt::format("[{}]", fmt::join(quoted, ", "));
  }

 private:
  static std::string venue_of(std::string_view address) {
    if (address.empty()) return {};
    for (const std::string_view name : venues::venue_names()) {
      if (venues::serves(*venues::find_venue_side(name), address)) return std::string(name);
    }
    return {};
  }

  std::string venue_;
  std::optional<WallTime> first_;
  std::set<std::string> streams_;
  std::map<std::string, std::unique_ptr<venues::Decoder>> decoders_;
  venues::Decoded decoded_;
};

}  // namespace

Result<CaptureSurvey> survey_capture(const std::vector<std::string>& files,
                                     const VenueArgs& named) {
  auto source = ReplaySource::open(files);
  if (!source) return std::unexpected(source.error());
  Surveyor surveyor(named.venue);
  std::optional<capture::Session> header;
  for (std::size_t i = 0; i < most_records; ++i) {
    const auto record = source->next();
    if (!record || !*record) break;
    const capture::Session* const session = (*record)->session;
    if (header)
      return CaptureSurvey{.header = header, .part = session ? session->number.value_or(1) : 1};
    if (session != nullptr) {
      header = *session;
    } else {
      surveyor.take(**record);
    }
  }
  if (header) return CaptureSurvey{.header = header};
  CaptureSurvey survey = std::move(surveyor).survey();
  if (!named.streams.empty()) survey.streams = Surveyor::list(named.streams);
  return survey;
}

Result<std::string> surveyed_config(const CaptureSurvey& survey) {
  if (survey.venue.empty()) {
    return std::unexpected(
        Error{"replay", "the capture does not say which venue it is of",
              fmt::format("name it with --venue: {}", fmt::join(venues::venue_names(), ", "))});
  }
  if (survey.streams.empty()) {
    return std::unexpected(Error{"replay", "no price of " + survey.venue + " is in the capture",
                                 "name the venue recorded with --venue, or streams"});
  }
  return fmt::format("[[venue]]\nname = {}\nstreams = {}\n", json_quoted(survey.venue),
                     survey.streams);
}

}  // namespace feedwatch::app
