#include "feedwatch/app/replay_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/capture/rotation.hpp"

namespace feedwatch::app {

namespace {

constexpr Duration longest_gap = 7 * 24h;

/// The clock a record moves: the shard's in recordings of our own, else the recorder's.
std::optional<std::int64_t> moment_of(const capture::Record& record) {
  if (record.session != nullptr) return record.session->now;
  return record.ts ? std::optional(to_ns(*record.ts)) : std::nullopt;
}

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

Result<void> ReplaySource::check_time(const capture::Record& record) {
  const auto at = moment_of(record);
  if (!at) return {};
  const Duration gap =
      latest_ ? minus(mono_from_ns(*at), mono_from_ns(*latest_)) : Duration::zero();
  if (gap > longest_gap) {
    return std::unexpected(
        Error{fmt::format("{} line {}", files_[next_ - 1], record.line),
              fmt::format("its time is {:.1f} days after that of the records before it; a replay "
                          "serves every deadline on the way and takes at most 7",
                          to_seconds(gap) / to_seconds(24h)),
              "correct or remove the record if its time is wrong, else replay what follows by "
              "itself"});
  }
  latest_ = std::max(latest_.value_or(*at), *at);
  return {};
}

Result<std::optional<capture::Record>> ReplaySource::next() {
  for (;;) {
    auto record = reader_->next();
    if (record && *record) {
      if (auto sane = check_time(**record); !sane) return std::unexpected(sane.error());
    }
    if (!record || *record || next_ == files_.size()) return record;
    if (auto opened = open_next(); !opened) return std::unexpected(opened.error());
  }
}

}  // namespace feedwatch::app
