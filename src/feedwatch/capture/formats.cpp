#include "feedwatch/capture/formats.hpp"

namespace feedwatch::capture {

namespace {

class TimedLines final : public LineFormat {
 public:
  Format format() const override { return Format::timed_lines; }

  std::expected<Record, std::string> parse(std::string_view line) override {
    const auto blank = line.find(' ');
    const auto time = parse_epoch_by_size(line.substr(0, blank));
    if (blank == std::string_view::npos || !time) {
      return std::unexpected("expected a time, a blank and a frame");
    }
    return Record{.ts = time, .text = line.substr(blank + 1)};
  }
};

class PlainLines final : public LineFormat {
 public:
  Format format() const override { return Format::plain_lines; }
  std::expected<Record, std::string> parse(std::string_view line) override {
    return Record{.text = line};
  }
};

}  // namespace

std::unique_ptr<LineFormat> format_of(std::string_view first_line) {
  if (auto objects = cryptofeed_format(first_line)) return objects;
  TimedLines timed;
  if (timed.parse(first_line)) return std::make_unique<TimedLines>();
  return std::make_unique<PlainLines>();
}

}  // namespace feedwatch::capture
