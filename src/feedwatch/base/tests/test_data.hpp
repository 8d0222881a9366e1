#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace feedwatch::testing {

/// Where data that is too big, or not ours, to be in the repository is read in place: the folder
/// FEEDWATCH_DATA names, else shared/data beside the project.
inline std::filesystem::path test_data_path(std::string_view relative) {
  const char* const folder = std::getenv("FEEDWATCH_DATA");
  const std::filesystem::path root =
      folder != nullptr ? std::filesystem::path{folder}
                        : std::filesystem::path{FEEDWATCH_SOURCE_DIR} / "../shared/data";
  return (root / relative).lexically_normal();
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace feedwatch::testing

/// Skips the running test, visibly, where the data it reads is not there.
#define FEEDWATCH_NEEDS_DATA(path)    \
  if (!std::filesystem::exists(path)) \
  GTEST_SKIP() << "needs " << (path).string() << " (set FEEDWATCH_DATA to the folder that has it)"
