#include "feedwatch/app/replay_source.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "feedwatch/capture/rotation.hpp"

namespace feedwatch::app {

namespace {

/// Recordings in a directory; one that is being written, or was when its writer died, counts too.
std::vector<std::string> recordings_in(const std::filesystem::path& directory) {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::string name = it->path().filename().string();
    if (name.ends_with(capture::unfinished_suffix)) {
      name.resize(name.size() - capture::unfinished_suffix.size());
    }
    if (capture::is_recording_name(name)) found.push_back(it->path().string());
  }
  std::ranges::sort(found, capture::is_earlier_recording, [](const std::string& path) {
    return std::filesystem::path(path).filename().string();
  });
  return found;
}

}  // namespace

Result<ReplaySource> ReplaySource::open(const std::vector<std::string>& files) {
  ReplaySource source;
  for (const std::string& file : files) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(file, ignored)) {
      source.files_.push_back(file);
      continue;
    }
    std::vector<std::string> found = recordings_in(file);
    if (found.empty()) {
      return std::unexpected(
          Error{file, "holds no recording", "name the directory `feedwatch record` wrote into"});
    }
    std::ranges::move(found, std::back_inserter(source.files_));
  }
  if (auto opened = source.open_next(); !opened) return std::unexpected(opened.error());
  return source;
}

Result<void> ReplaySource::open_next() {
  auto reader = capture::Reader::open(files_[next_++]);
  if (!reader) return std::unexpected(reader.error());
  reader_ = std::move(*reader);
  return {};
}

Result<std::optional<capture::Record>> ReplaySource::next() {
  for (;;) {
    auto record = reader_->next();
    if (!record || *record || next_ == files_.size()) return record;
    if (auto opened = open_next(); !opened) return std::unexpected(opened.error());
  }
}

}  // namespace feedwatch::app
