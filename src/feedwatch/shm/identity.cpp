#include "feedwatch/shm/identity.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <optional>
#include <string>

namespace feedwatch::shm {
namespace {

constexpr const char* boot_id_file = "/proc/sys/kernel/random/boot_id";
constexpr const char* time_namespace_file = "/proc/self/ns/time";

/// "2c9ddfa7-1f41-4326-b3cd-9ef0ba42d113"
std::optional<std::array<std::uint8_t, 16>> parse_uuid(std::string text) {
  std::array<std::uint8_t, 16> id{};
  std::erase(text, '-');
  if (text.size() != 2 * id.size()) return std::nullopt;
  const char* at = text.c_str();
  for (std::uint8_t& byte : id) {
    const auto [end, error] = std::from_chars(at, at + 2, byte, 16);
    if (error != std::errc{} || end != at + 2) return std::nullopt;
    at = end;
  }
  return id;
}

}  // namespace

Result<board::Identity> this_process(WallTime started) {
  std::string text;
  std::ifstream(boot_id_file) >> text;
  const auto boot_id = parse_uuid(text);
  if (!boot_id) {
    return std::unexpected(Error{"shared board", std::string(boot_id_file) + " names no boot",
                                 "mount /proc, or leave [board] shm empty"});
  }
  board::Identity identity;
  identity.boot_id = *boot_id;
  struct stat space{};
  if (::stat(time_namespace_file, &space) == 0) identity.time_namespace = space.st_ino;
  identity.writer_pid = static_cast<std::uint64_t>(::getpid());
  identity.writer_epoch = static_cast<std::uint64_t>(to_ns(started));
  return identity;
}

bool same_clock(const board::Identity& a, const board::Identity& b) {
  return a.boot_id == b.boot_id && a.time_namespace == b.time_namespace;
}

}  // namespace feedwatch::shm
