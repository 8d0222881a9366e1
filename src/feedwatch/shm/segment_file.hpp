#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "feedwatch/base/error.hpp"
#include "feedwatch/board/layout.hpp"
#include "feedwatch/board/memory.hpp"
#include "feedwatch/shm/mapping.hpp"

namespace feedwatch::shm {

inline constexpr const char* default_directory = "/dev/shm";

struct SegmentOptions {
  std::string name;  ///< of the file: letters, digits, '.', '_', '-'
  std::filesystem::path directory = default_directory;
  mode_t mode = 0600;  ///< 0640 lets the group read
  std::size_t max_streams = 65'536;
  board::Identity identity{};
};

/// Why `name` cannot be a segment's; empty when it can.
std::string unusable_name(const std::string& name);

/// Memory of a board in a file that other processes map: the writer's side.
///
/// Begins as `<name>.<epoch>.tmp`, sparse, with header and table of names allocated; publish()
/// gives it its name in one step, so that nobody ever opens half a board and a restarted writer
/// never writes into the file of the last one. One writer per name at a time: a lock on
/// `<name>.lock`, which the kernel drops however the writer ends. Destroyed: the file goes, if it
/// is still ours; whoever has it open sees that it was closed (the board's destructor says so).
///
/// Not thread-safe: belongs to the thread that owns the board.
class SegmentFile final : public board::Memory {
 public:
  /// Errors are of the configuration: a live writer of that name, no space, no permission.
  static Result<std::unique_ptr<SegmentFile>> create(const SegmentOptions& options);
  ~SegmentFile() override;
  SegmentFile(const SegmentFile&) = delete;
  SegmentFile& operator=(const SegmentFile&) = delete;

  std::span<std::byte> bytes() override { return mapping_.bytes(); }
  /// Allocates the blocks. The error of a full filesystem names what to do.
  Result<void> commit(std::size_t offset, std::size_t length) override;

  /// The board is initialized: readers find it from now on. What a dead writer left under the name
  /// is marked closed first, so that its readers look for this one.
  Result<void> publish();
  const std::filesystem::path& path() const { return path_; }

 private:
  SegmentFile(const SegmentOptions& options, std::filesystem::path path);
  Result<void> lock();
  void remove_leftovers() const;
  Result<void> create_file(std::size_t max_streams);
  void close_predecessor() const;
  bool named_by(const std::filesystem::path& path) const;
  std::unexpected<Error> failed(int error, std::size_t needed = 0) const;

  std::string name_;
  std::filesystem::path directory_, path_, temporary_;
  mode_t mode_;
  std::size_t total_ = 0;
  // The lock goes last: until then nobody else may touch the name.
  Descriptor lock_;
  Descriptor file_;
  Mapping mapping_;
  bool published_ = false;
};

}  // namespace feedwatch::shm
