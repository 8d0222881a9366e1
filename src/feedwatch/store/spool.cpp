#include "feedwatch/store/spool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "feedwatch/store/batch_codec.hpp"

namespace feedwatch::store {
namespace {

// Record: magic, length, checksum of the payload, payload.
constexpr std::string_view magic = "FWSP";
constexpr std::size_t header_size = 4 + 8 + 8;

std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a: against torn writes, not against forgery
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

void put64(std::string& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8)
    out += static_cast<char>((value >> shift) & 0xffU);
}

std::uint64_t get64(const char* bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8U * i);
  }
  return value;
}

bool write_all(int fd, std::string_view bytes, std::size_t offset) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::size_t>(n);
  }
  return true;
}

bool read_exact(int fd, char* out, std::size_t size, std::size_t offset) {
  while (size > 0) {
    const ssize_t n = ::pread(fd, out, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    out += n;
    size -= static_cast<std::size_t>(n);
    offset += static_cast<std::size_t>(n);
  }
  return true;
}

std::size_t file_size(int fd) {
  struct stat info{};
  return ::fstat(fd, &info) == 0 ? static_cast<std::size_t>(info.st_size) : 0U;
}

}  // namespace

Spool::Spool(int fd, std::filesystem::path file, std::size_t max_bytes)
    : fd_(fd), file_(std::move(file)), max_bytes_(max_bytes) {}

Spool::Spool(Spool&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      file_(std::move(other.file_)),
      max_bytes_(other.max_bytes_),
      size_(other.size_),
      position_(other.position_),
      waiting_(other.waiting_),
      damaged_(other.damaged_),
      peeked_(std::move(other.peeked_)) {}

Spool::~Spool() {
  if (fd_ >= 0) ::close(fd_);
}

Error Spool::failure(const std::string& what) const {
  return {"spool " + file_.string(), what + ": " + std::strerror(errno),
          "free space on its disk and make the state directory writable"};
}

Result<Spool> Spool::open(const std::filesystem::path& file, std::size_t max_bytes) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);  // NOLINT: POSIX open
  Spool spool(fd, file, max_bytes);
  if (fd < 0) return std::unexpected(spool.failure("cannot open"));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return std::unexpected(Error{"spool " + file.string(), "is in use by another feedwatch",
                                 "stop that one, or give another [store] state_dir"});
  }
  if (Result<void> recovered = spool.recover(); !recovered) {
    return std::unexpected(recovered.error());
  }
  return spool;
}

/// The payload of the record at `offset`, which moves behind it; nullopt at anything but a whole
/// one.
std::optional<std::string> Spool::read_record(std::size_t& offset) const {
  std::array<char, header_size> header{};
  const std::size_t end = file_size(fd_);
  if (offset + header_size > end || !read_exact(fd_, header.data(), header.size(), offset)) {
    return std::nullopt;
  }
  const std::uint64_t length = get64(header.data() + 4);
  if (std::string_view(header.data(), 4) != magic || length > end - offset - header_size) {
    return std::nullopt;
  }
  std::string payload(static_cast<std::size_t>(length), '\0');
  if (!read_exact(fd_, payload.data(), payload.size(), offset + header_size) ||
      checksum(payload) != get64(header.data() + 12)) {
    return std::nullopt;
  }
  offset += header_size + payload.size();
  return payload;
}

Result<void> Spool::recover() {
  const std::size_t end = file_size(fd_);
  while (true) {
    std::size_t next = size_;
    const std::optional<std::string> payload = read_record(next);
    if (!payload || !decode_batch(*payload)) break;
    size_ = next;
    ++waiting_;
  }
  if (size_ == end) return {};
  // What is left is a torn write, or damage: nothing after it can be trusted to be in order.
  ++damaged_;
  std::error_code ignored;
  std::filesystem::copy_file(file_, file_.string() + ".damaged",
                             std::filesystem::copy_options::overwrite_existing, ignored);
  if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0) {
    return std::unexpected(failure("cannot cut off a damaged end"));
  }
  return {};
}

Result<void> Spool::append(std::span<const JournalBatch* const> batches) {
  std::string bytes;
  for (const JournalBatch* batch : batches) {
    const std::string payload = encode_batch(*batch);
    bytes += magic;
    put64(bytes, payload.size());
    put64(bytes, checksum(payload));
    bytes += payload;
  }
  if (size_ + bytes.size() > max_bytes_) {
    return std::unexpected(Error{"spool " + file_.string(),
                                 fmt::format("is full ({} of {} bytes)", size_, max_bytes_),
                                 "bring the database back"});
  }
  if (!write_all(fd_, bytes, size_) || ::fdatasync(fd_) != 0) {
    const Error error = failure("cannot write");
    // Cut off what was written, so that a later append does not follow half a record. If even that
    // fails, the next append overwrites the same place and recovery drops a torn end.
    if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0) errno = 0;
    return std::unexpected(error);
  }
  size_ += bytes.size();
  waiting_ += batches.size();
  return {};
}

std::vector<JournalBatch> Spool::peek(std::size_t max_rows) {
  std::vector<JournalBatch> batches;
  peeked_.clear();
  std::size_t offset = position_;
  std::size_t rows = 0;
  while (offset < size_ && rows < max_rows) {
    const std::optional<std::string> payload = read_record(offset);
    std::optional<JournalBatch> batch = payload ? decode_batch(*payload) : std::nullopt;
    if (!batch) break;
    rows += batch->rows.size() + 1;
    batches.push_back(std::move(*batch));
    peeked_.push_back(offset);
  }
  return batches;
}

void Spool::advance(std::size_t count) {
  if (count == 0) return;
  position_ = peeked_.at(count - 1);
  waiting_ -= count;
  peeked_.clear();
}

Result<void> Spool::clear() {
  if (::ftruncate(fd_, 0) != 0 || ::fdatasync(fd_) != 0) {
    return std::unexpected(failure("cannot empty"));
  }
  size_ = position_ = waiting_ = 0;
  return {};
}

}  // namespace feedwatch::store
