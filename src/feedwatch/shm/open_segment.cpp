#include "feedwatch/shm/open_segment.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "feedwatch/board/view.hpp"
#include "feedwatch/shm/segment_file.hpp"

namespace feedwatch::shm {
namespace {

std::unexpected<OpenFailure> refuse(OpenCode code, const std::string& path, std::string why,
                                    std::string fix) {
  return std::unexpected(OpenFailure{code, {"board " + path, std::move(why), std::move(fix)}});
}

std::unexpected<OpenFailure> refuse_errno(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
      return refuse(OpenCode::not_found, path, "no monitor writes it",
                    "start one with [board] shm, or give its name or path");
    case EACCES:
    case EPERM:
      return refuse(OpenCode::not_permitted, path, "we may not read it",
                    "run as its owner, or set [board] mode = \"0640\" and join its group");
    case ELOOP:
      return refuse(OpenCode::not_a_file, path, "is a symbolic link", "name the file itself");
    default:
      return refuse(OpenCode::system, path, std::strerror(error), "check the path");
  }
}

std::unexpected<OpenFailure> refuse_misfit(const std::string& path, board::Misfit misfit) {
  using board::Misfit;
  const std::string same = "use the reader of the monitor's own version";
  switch (misfit) {
    case Misfit::truncated:
      return refuse(OpenCode::truncated, path, "is shorter than a board of its size",
                    "restart its monitor");
    case Misfit::not_a_board:
      return refuse(OpenCode::not_a_board, path, "is no board", "name the file of [board] shm");
    case Misfit::other_version:
      return refuse(OpenCode::other_version, path, "is of another version of the format", same);
    case Misfit::other_layout:
      return refuse(OpenCode::other_layout, path, "was written with other structures", same);
    case Misfit::initializing:
      return refuse(OpenCode::initializing, path, "is not finished yet", "try again");
    default:
      return refuse(OpenCode::inconsistent, path, "contradicts itself", "restart its monitor");
  }
}

std::expected<void, OpenFailure> check_trust(const struct stat& is, const std::string& path,
                                             const OpenOptions& options) {
  if (!S_ISREG(is.st_mode)) {
    return refuse(OpenCode::not_a_file, path, "is no regular file", "name the file itself");
  }
  const bool believed = is.st_uid == ::geteuid() || is.st_uid == 0 || options.owner == is.st_uid;
  if (!believed) {
    return refuse(OpenCode::wrong_owner, path,
                  "belongs to user " + std::to_string(is.st_uid) + ", who is not trusted",
                  "name that owner when opening, if it is the monitor's user");
  }
  if ((is.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return refuse(OpenCode::writable_by_others, path, "others than its owner may write it",
                  "chmod go-w, or find out who made it");
  }
  return {};
}

}  // namespace

std::string_view to_text(OpenCode code) {
  constexpr std::array<std::string_view, open_code_count> words{
      "not_found",          "not_permitted", "not_a_file",   "wrong_owner",
      "writable_by_others", "truncated",     "not_a_board",  "other_version",
      "other_layout",       "inconsistent",  "initializing", "system"};
  return words[static_cast<std::size_t>(code)];
}

bool OpenSegment::stands_at(const std::string& path) const {
  struct stat there{};
  return ::lstat(path.c_str(), &there) == 0 && there.st_dev == device && there.st_ino == inode;
}

std::string path_of(std::string_view path) {
  if (path.find('/') != std::string_view::npos) return std::string(path);
  return std::string(default_directory) + "/" + std::string(path);
}

std::expected<OpenSegment, OpenFailure> open_segment(const std::string& path,
                                                     const OpenOptions& options) {
  // Without waiting: a pipe of that name would never answer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return refuse_errno(path, errno);
  struct stat is{};
  if (::fstat(file.get(), &is) != 0) return refuse_errno(path, errno);
  if (auto trusted = check_trust(is, path, options); !trusted) {
    return std::unexpected(trusted.error());
  }
  board::Header header;
  const ssize_t read = ::pread(file.get(), static_cast<void*>(&header), sizeof header, 0);
  if (read < 0) return refuse_errno(path, errno);
  if (read != static_cast<ssize_t>(sizeof header)) {
    return refuse_misfit(path, board::Misfit::truncated);
  }
  const auto misfit = board::check(header, static_cast<std::size_t>(is.st_size));
  if (misfit != board::Misfit::none) return refuse_misfit(path, misfit);
  OpenSegment opened{Mapping(file.get(), header.total_size, PROT_READ), is.st_dev, is.st_ino};
  if (!opened.mapping) return refuse_errno(path, errno);
  return opened;
}

}  // namespace feedwatch::shm
