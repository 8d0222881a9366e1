#include "feedwatch/capture/out_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/capture/rotation.hpp"

namespace feedwatch::capture {

namespace {

constexpr std::size_t buffer_size = 64U << 10U;

/// The descriptor and the two names; plain lines through a buffer.
class PlainFile : public OutFile {
 public:
  PlainFile(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;
  ~PlainFile() override {
    if (fd_ >= 0) ::close(fd_);
  }

  Result<void> write(std::string_view bytes) override {
    buffer_.append(bytes);
    if (buffer_.size() < buffer_size) return {};
    return hand_over();
  }
  Result<void> flush() override { return hand_over(); }
  Result<void> finish() override {
    if (auto handed = hand_over(); !handed) return handed;
    if (::fsync(fd_) != 0) return failed();
    ::close(std::exchange(fd_, -1));
    std::error_code error;
    std::filesystem::rename(unfinished(path_), path_, error);
    if (!error) return {};
    return std::unexpected(Error{path_.string(), error.message(), "the records are in its .part"});
  }
  std::uint64_t bytes() const override { return bytes_; }

  static std::filesystem::path unfinished(std::filesystem::path path) {
    return path += unfinished_suffix;
  }

 protected:
  Result<void> hand_over() {
    std::string_view rest = buffer_;
    while (!rest.empty()) {
      const ssize_t written = ::write(fd_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failed();
      rest.remove_prefix(static_cast<std::size_t>(written));
      bytes_ += static_cast<std::uint64_t>(written);
    }
    buffer_.clear();
    return {};
  }
  Result<void> failed() const {
    return std::unexpected(Error{unfinished(path_).string(),
                                 std::string("cannot be written: ") + std::strerror(errno),
                                 "make room or record elsewhere"});
  }
  std::string buffer_;

 private:
  int fd_;
  std::filesystem::path path_;
  std::uint64_t bytes_ = 0;
};

class ZstdFile final : public PlainFile {
 public:
  ZstdFile(int fd, std::filesystem::path path)
      : PlainFile(fd, std::move(path)), stream_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize()) {
    if (stream_ == nullptr) throw std::bad_alloc();
  }
  ZstdFile(const ZstdFile&) = delete;
  ZstdFile& operator=(const ZstdFile&) = delete;
  ~ZstdFile() override { ZSTD_freeCCtx(stream_); }

  Result<void> write(std::string_view bytes) override { return compress(bytes, ZSTD_e_continue); }
  Result<void> flush() override {
    if (auto compressed = compress({}, ZSTD_e_flush); !compressed) return compressed;
    return hand_over();
  }
  Result<void> finish() override {
    if (auto compressed = compress({}, ZSTD_e_end); !compressed) return compressed;
    return PlainFile::finish();
  }

 private:
  Result<void> compress(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer output{out_.data(), out_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(stream_, &output, &input, directive);
      if (ZSTD_isError(left) != 0U) {
        return std::unexpected(Error{"zstd", ZSTD_getErrorName(left), {}});
      }
      if (auto written = PlainFile::write({out_.data(), output.pos}); !written) return written;
      const bool done = directive == ZSTD_e_continue ? input.pos == input.size : left == 0;
      if (done) return {};
    }
  }

  ZSTD_CCtx* stream_;
  std::vector<char> out_;
};

}  // namespace

Result<std::unique_ptr<OutFile>> OutFile::create(const std::filesystem::path& path,
                                                 bool compressed) {
  const std::filesystem::path unfinished = PlainFile::unfinished(path);
  const auto failed = [&](const std::string& why) {
    return std::unexpected(
        Error{unfinished.string(), "cannot be created: " + why, "record into another directory"});
  };
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return failed("there is such a recording already");
  // What is recorded may name what somebody trades; others need not read it.
  const int fd = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return failed(std::strerror(errno));
  if (compressed) return std::make_unique<ZstdFile>(fd, path);
  return std::make_unique<PlainFile>(fd, path);
}

}  // namespace feedwatch::capture
