#include "feedwatch/capture/recording_files.hpp"

#include <utility>
#include <vector>

namespace feedwatch::capture {

RecordingFiles::RecordingFiles(RecordingOptions options, const Clock& clock, WallAnchor anchor)
    : options_(std::move(options)), clock_(clock), anchor_(anchor) {}
RecordingFiles::~RecordingFiles() = default;

Result<void> RecordingFiles::begin(std::string header) {
  header_ = std::move(header);
  std::error_code error;
  std::filesystem::create_directories(options_.directory, error);
  if (error) {
    return std::unexpected(Error{options_.directory.string(), error.message(),
                                 "name a directory that can be made and written"});
  }
  return open();
}

Result<void> RecordingFiles::open() {
  ++number_;
  opened_ = clock_.now();
  const WallTime wall = anchor_.at(opened_);
  name_ = recording_name(wall, number_, options_.compress);
  auto created = OutFile::create(options_.directory / name_, options_.compress);
  if (!created) return std::unexpected(created.error());
  file_ = std::move(*created);
  std::string head = header_;
  head += SessionLine(SessionEvent::part, wall, opened_)
              .number("number", static_cast<std::int64_t>(number_))
              .number("count", static_cast<std::int64_t>(connections_.size()))
              .take();
  for (const auto& [conn, line] : connections_) head += line;
  return file_->write(head);
}

Result<void> RecordingFiles::write(const RecordedLine& line) {
  if (auto rotated = rotate_when_due(); !rotated) return rotated;
  if (line.role == RecordedLine::Role::opened) connections_.insert_or_assign(line.conn, line.text);
  if (line.role == RecordedLine::Role::closed) connections_.erase(line.conn);
  return file_->write(line.text);
}

Result<void> RecordingFiles::rotate_when_due() {
  if (!options_.rotation.due(file_->bytes(), opened_, clock_.now())) return {};
  if (auto closed = close(); !closed) return closed;
  return open();
}

Result<void> RecordingFiles::flush() {
  return file_->flush();
}

Result<void> RecordingFiles::close() {
  auto finished = file_->finish();
  file_.reset();
  if (finished) remove_superfluous();
  return finished;
}

Result<void> RecordingFiles::finish() {
  return file_ ? close() : Result<void>{};
}

void RecordingFiles::remove_superfluous() {
  const std::size_t keep = options_.rotation.keep;
  if (keep == 0) return;
  finished_.push_back(name_);
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(options_.directory, error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  for (const std::string& name : superfluous(std::move(names), finished_, keep)) {
    std::filesystem::remove(options_.directory / name, error);
  }
  if (finished_.size() > keep) finished_.erase(finished_.begin());
}

}  // namespace feedwatch::capture
