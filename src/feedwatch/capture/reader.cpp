#include "feedwatch/capture/reader.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "feedwatch/capture/formats.hpp"
#include "feedwatch/capture/lines.hpp"

namespace feedwatch::capture {

namespace {

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

class LineReader final : public Reader {
 public:
  LineReader(std::unique_ptr<std::istream> owned, std::istream& in, std::string name)
      : owned_(std::move(owned)), lines_(open_bytes(in)), name_(std::move(name)) {}

  /// Looks at the first line to learn the format.
  Result<void> start() {
    auto line = next_line();
    if (!line) return std::unexpected(line.error());
    first_ = *line;
    format_ = format_of(first_.value_or(""));
    return {};
  }

  Format format() const override { return format_->format(); }
  bool broken_off() const override { return failed_ && lines_.broken_off(); }

  Result<std::optional<Record>> next() override {
    if (over_) return std::nullopt;
    if (started_) {
      auto line = next_line();
      if (!line) return std::unexpected(line.error());
      first_ = *line;
    }
    started_ = true;
    over_ = !first_.has_value();
    if (over_) return std::nullopt;
    auto record = format_->parse(*first_);
    if (!record) return std::unexpected(error(record.error()));
    record->line = lines_.number();
    return *record;
  }

 private:
  Result<std::optional<std::string_view>> next_line() {
    for (;;) {
      auto line = lines_.next();
      if (!line) return std::unexpected(error(line.error()));
      if (!*line || !is_blank(**line)) return *line;
    }
  }

  Error error(std::string why) {
    over_ = failed_ = true;
    return {name_ + " line " + std::to_string(lines_.number()), std::move(why), {}};
  }

  std::unique_ptr<std::istream> owned_;  ///< before lines_, which borrows it
  Lines lines_;
  std::string name_;
  std::unique_ptr<LineFormat> format_;
  std::optional<std::string_view> first_;
  bool started_ = false;
  bool over_ = false;
  bool failed_ = false;
};

Result<std::unique_ptr<Reader>> start(std::unique_ptr<LineReader> reader) {
  if (auto started = reader->start(); !started) return std::unexpected(started.error());
  return reader;
}

}  // namespace

std::string_view to_text(Format format) {
  switch (format) {
    case Format::cryptofeed:
      return "cryptofeed";
    case Format::timed_lines:
      return "timed_lines";
    case Format::plain_lines:
      return "plain_lines";
  }
  return "";
}

Result<std::unique_ptr<Reader>> Reader::open(const std::string& path) {
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  // A folder opens and fails at the first byte.
  if (!*file || (file->peek() == std::ifstream::traits_type::eof() && file->bad())) {
    return std::unexpected(Error{path, std::string("cannot be read: ") + std::strerror(errno),
                                 "name a readable capture file"});
  }
  file->clear();
  std::istream& in = *file;
  return start(std::make_unique<LineReader>(std::move(file), in, path));
}

Result<std::unique_ptr<Reader>> Reader::open(std::istream& in, std::string name) {
  return start(std::make_unique<LineReader>(nullptr, in, std::move(name)));
}

}  // namespace feedwatch::capture
