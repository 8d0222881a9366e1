#include "feedwatch/shm/segment_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>

#include "feedwatch/board/price_board.hpp"
#include "feedwatch/board/view.hpp"

namespace feedwatch::shm {
namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t mebibyte = std::size_t{1} << 20U;

/// Whole MiB, rounded up: what a person gives to mount.
std::string mebibytes(std::size_t bytes) {
  return std::to_string((bytes + mebibyte - 1) / mebibyte) + " MiB";
}

int allocate(int fd, std::size_t offset, std::size_t length) {
  int error = EINTR;
  while (error == EINTR) {
    error = ::posix_fallocate(fd, static_cast<off_t>(offset), static_cast<off_t>(length));
  }
  return error;
}

}  // namespace

std::string unusable_name(const std::string& name) {
  if (name.empty() || name.size() > longest_name) return "has no length a file name may have";
  if (name.front() == '.') return "begins with a dot";
  if (name.ends_with(".lock") || name.ends_with(".tmp")) return "ends like our own side files";
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  return plain ? "" : "holds something else than letters, digits, '.', '_' and '-'";
}

Result<std::unique_ptr<SegmentFile>> SegmentFile::create(const SegmentOptions& options) {
  if (const std::string why = unusable_name(options.name); !why.empty()) {
    return std::unexpected(
        Error{"board '" + options.name + "'", "its name " + why, "name it as in \"feedwatch\""});
  }
  std::unique_ptr<SegmentFile> segment(new SegmentFile(options, options.directory / options.name));
  if (auto locked = segment->lock(); !locked) return std::unexpected(locked.error());
  segment->remove_leftovers();
  if (auto made = segment->create_file(options.max_streams); !made) {
    return std::unexpected(made.error());
  }
  return segment;
}

SegmentFile::SegmentFile(const SegmentOptions& options, std::filesystem::path path)
    : name_(options.name),
      directory_(options.directory),
      path_(std::move(path)),
      temporary_(path_.string() + "." + std::to_string(options.identity.writer_epoch) + ".tmp"),
      mode_(options.mode) {}

SegmentFile::~SegmentFile() {
  const std::filesystem::path& name = published_ ? path_ : temporary_;
  if (file_ && named_by(name)) ::unlink(name.c_str());
}

Result<void> SegmentFile::commit(std::size_t offset, std::size_t length) {
  if (const int error = allocate(file_.get(), offset, length); error != 0) {
    return failed(error, length);
  }
  return {};
}

Result<void> SegmentFile::publish() {
  close_predecessor();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return failed(errno);
  published_ = true;
  return {};
}

// The lock file stays: to remove a locked name invites two to hold "the" lock.
Result<void> SegmentFile::lock() {
  const std::string file = path_.string() + ".lock";
  lock_ = Descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock_) return failed(errno);
  struct stat is{};
  if (::fstat(lock_.get(), &is) != 0) return failed(errno);
  if (is.st_uid != ::geteuid() || !S_ISREG(is.st_mode)) {
    return std::unexpected(Error{"board " + path_.string(), file + " belongs to another user",
                                 "give this monitor another [board] shm"});
  }
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return failed(errno);
  return std::unexpected(Error{"board " + path_.string(), "another running monitor writes it",
                               "stop that one, or give this one another [board] shm"});
}

// We hold the lock, so whoever left a temporary file is dead.
void SegmentFile::remove_leftovers() const {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(name_ + ".") || !name.ends_with(".tmp")) continue;
    const std::string epoch = name.substr(name_.size() + 1, name.size() - name_.size() - 5);
    const bool number = epoch.find_first_not_of("0123456789") == std::string::npos;
    if (!epoch.empty() && number) ::unlink(entry.path().c_str());
  }
}

Result<void> SegmentFile::create_file(std::size_t max_streams) {
  total_ = PriceBoard::bytes_for(max_streams);
  const std::size_t head = PriceBoard::head_for(max_streams);
  file_ = Descriptor(
      ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) return failed(errno);
  // Not by open(): the umask would have a say.
  if (::fchmod(file_.get(), mode_) != 0) return failed(errno);
  if (::ftruncate(file_.get(), static_cast<off_t>(total_)) != 0) return failed(errno, head);
  if (const int error = allocate(file_.get(), 0, head); error != 0) return failed(error, head);
  mapping_ = Mapping(file_.get(), total_, PROT_READ | PROT_WRITE);
  if (!mapping_) return failed(errno);
  return {};
}

// Through the file and not a mapping: a page that is missing is then an error, not a signal.
void SegmentFile::close_predecessor() const {
  const Descriptor old(::open(path_.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat is{};
  if (!old || ::fstat(old.get(), &is) != 0) return;
  if (!S_ISREG(is.st_mode) || is.st_uid != ::geteuid()) return;
  board::Header header;
  if (::pread(old.get(), static_cast<void*>(&header), sizeof header, 0) !=
      static_cast<ssize_t>(sizeof header)) {
    return;
  }
  if (board::check(header, static_cast<std::size_t>(is.st_size)) != board::Misfit::none) return;
  const auto closed = static_cast<std::uint64_t>(board::State::closed);
  // Failing leaves a board whose heartbeat ends: its readers refuse all the same.
  [[maybe_unused]] const ssize_t written =
      ::pwrite(old.get(), &closed, sizeof closed, offsetof(board::Header, state));
}

bool SegmentFile::named_by(const std::filesystem::path& path) const {
  struct stat ours{};
  struct stat there{};
  return ::fstat(file_.get(), &ours) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

std::unexpected<Error> SegmentFile::failed(int error, std::size_t needed) const {
  Error said{"board " + path_.string(), std::strerror(error),
             "check " + directory_.string() + ", or leave [board] shm empty"};
  if (error == ENOSPC || error == EFBIG || error == EDQUOT) {
    said.why = directory_.string() + " is full: " + mebibytes(needed) + " more are needed now, " +
               mebibytes(total_) + " once every stream is in use";
    said.fix =
        "make room there (a larger tmpfs: mount -o remount,size=…), lower [board] "
        "max_streams, or name another directory";
  }
  return std::unexpected(std::move(said));
}

}  // namespace feedwatch::shm
