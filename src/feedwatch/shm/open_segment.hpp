#pragma once

#include <sys/types.h>

#include <expected>
#include <string>
#include <string_view>

#include "feedwatch/shm/mapping.hpp"
#include "feedwatch/shm/reader.hpp"

/// Private to the reader: from a path to a mapping that is safe to view.
namespace feedwatch::shm {

struct OpenSegment {
  Mapping mapping;
  dev_t device = 0;
  ino_t inode = 0;

  /// Whether the path still names this very file. One system call.
  bool stands_at(const std::string& path) const;
};

/// A name without a slash is one in /dev/shm.
std::string path_of(std::string_view path);

/// Believes nothing but the owner of the file (OpenOptions): type, owner, mode and size are those
/// of the open descriptor, and the header is checked before anything is mapped.
std::expected<OpenSegment, OpenFailure> open_segment(const std::string& path,
                                                     const OpenOptions& options);

}  // namespace feedwatch::shm
