#pragma once

#include <sys/stat.h>

#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/engine/position_list.hpp"

namespace feedwatch::app {

/// What a look at a file has found: its list, or why it has none.
struct PositionNews {
  std::string source;
  Result<engine::PositionList> list;
  /// To be called where not all of it was taken for a reason that lies outside of the file, and
  /// may pass: it is read again in a while, though nobody writes it. On any thread, at any time.
  std::function<void()> again = [] {};
};

/// A file with a list of positions, as in PUT /v1/position-sources/{name}. Whoever writes it need
/// not replace it in one step: what is read while it changes does not count. One thread; blocks.
class PositionFile {
 public:
  static constexpr std::size_t max_bytes = 4U << 20U;
  static constexpr int again_after = 10;  ///< looks, until what was refused is judged anew

  explicit PositionFile(std::filesystem::path path);

  /// "file:" and its name without folders.
  const std::string& source() const { return source_; }
  /// Nothing where it is as it was.
  std::optional<PositionNews> look();
  /// In a while a look takes it also where it is as it was; the list says so.
  void again() { again_in_ = again_after; }

 private:
  /// What tells that a file is another one, or has another content.
  struct Mark {
    dev_t device{};
    ino_t node{};
    off_t size{};
    timespec changed{}, written{};
    bool operator==(const Mark& other) const;
  };
  static Mark mark_of(const struct stat& found);
  std::optional<PositionNews> failed(std::string why, std::string fix);
  std::optional<PositionNews> take(int file, bool known);
  std::expected<std::string, std::string> read_all(int file) const;

  std::filesystem::path path_;
  std::string source_;
  std::optional<Mark> mark_;  ///< of what was taken last; none: read it again
  std::string told_;          ///< why it has none
  int torn_ = 0;              ///< times in a row that it changed while it was read
  int again_in_ = 0;          ///< looks; 0: not asked for
};

/// Looks at files each second, on a thread of its own: a file system that hangs hangs nobody else.
/// Destruction does not wait for one that does.
class PositionFiles {
 public:
  /// `deliver` is called on that thread and must not block; not after destruction.
  PositionFiles(const std::vector<std::filesystem::path>& paths,
                std::function<void(PositionNews)> deliver);
  ~PositionFiles();
  PositionFiles(const PositionFiles&) = delete;
  PositionFiles& operator=(const PositionFiles&) = delete;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace feedwatch::app
