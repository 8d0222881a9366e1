#include "feedwatch/capture/bytes.hpp"

#include <bzlib.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace feedwatch::capture {

namespace {

constexpr std::string_view gzip_magic = "\x1f\x8b";
constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd";
constexpr std::string_view bzip_magic = "BZh";
constexpr std::size_t chunk_size = 64 * 1024;

class StreamBytes final : public Bytes {
 public:
  explicit StreamBytes(std::istream& in) : in_(in) {}

  std::expected<std::size_t, std::string> read(std::span<char> out) override {
    if (out.empty()) return 0;
    const int first = in_.get();
    if (first == std::istream::traits_type::eof()) {
      if (in_.bad()) return std::unexpected("cannot be read: input error");
      return 0;
    }
    out[0] = static_cast<char>(first);
    const std::streamsize ready = std::max<std::streamsize>(in_.rdbuf()->in_avail(), 0);
    const auto rest = std::min(static_cast<std::size_t>(ready), out.size() - 1);
    return 1 + static_cast<std::size_t>(
                   in_.rdbuf()->sgetn(out.data() + 1, static_cast<std::streamsize>(rest)));
  }

 private:
  std::istream& in_;
};

/// Gives back the bytes looked at to find out what follows, then the rest.
class Prefixed final : public Bytes {
 public:
  Prefixed(std::string prefix, std::unique_ptr<Bytes> rest)
      : prefix_(std::move(prefix)), rest_(std::move(rest)) {}

  std::expected<std::size_t, std::string> read(std::span<char> out) override {
    if (at_ == prefix_.size()) return rest_->read(out);
    const std::size_t count = std::min(out.size(), prefix_.size() - at_);
    std::memcpy(out.data(), prefix_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string prefix_;
  std::size_t at_ = 0;
  std::unique_ptr<Bytes> rest_;
};

/// What the decompressors share: a chunk of compressed input.
class Input {
 public:
  explicit Input(std::unique_ptr<Bytes> source) : source_(std::move(source)), chunk_(chunk_size) {}

  /// The unread part of the chunk, refilled when used up; empty at the end.
  std::expected<std::span<char>, std::string> peek() {
    if (begin_ == end_) {
      const auto count = source_->read(chunk_);
      if (!count) return std::unexpected(count.error());
      begin_ = 0;
      end_ = *count;
    }
    return std::span(chunk_).subspan(begin_, end_ - begin_);
  }
  void consume(std::size_t count) { begin_ += count; }

 private:
  std::unique_ptr<Bytes> source_;
  std::vector<char> chunk_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class Gunzip final : public Bytes {
 public:
  explicit Gunzip(std::unique_ptr<Bytes> source) : input_(std::move(source)) {
    constexpr int gzip_only = 16 + MAX_WBITS;
    ready_ = inflateInit2(&stream_, gzip_only) == Z_OK;
  }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;
  ~Gunzip() override { inflateEnd(&stream_); }

  std::expected<std::size_t, std::string> read(std::span<char> out) override {
    if (!ready_) return std::unexpected("gzip: out of memory");
    for (;;) {
      const auto in = input_.peek();
      if (!in) return std::unexpected(in.error());
      if (in->empty()) {
        if (in_member_) {
          truncated_ = true;
          return std::unexpected("gzip: the file is truncated");
        }
        return 0;
      }
      stream_.next_in = reinterpret_cast<Bytef*>(in->data());
      stream_.avail_in = static_cast<uInt>(in->size());
      stream_.next_out = reinterpret_cast<Bytef*>(out.data());
      stream_.avail_out = static_cast<uInt>(out.size());
      in_member_ = true;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      input_.consume(in->size() - stream_.avail_in);
      const std::size_t produced = out.size() - stream_.avail_out;
      if (result == Z_STREAM_END) {
        inflateReset(&stream_);
        in_member_ = false;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        const char* detail = stream_.msg != nullptr ? stream_.msg : "bad data";
        if (produced == 0) return std::unexpected("gzip: corrupt: " + std::string(detail));
      }
      if (produced > 0) return produced;
    }
  }

  bool truncated() const override { return truncated_; }

 private:
  Input input_;
  z_stream stream_{};
  bool truncated_ = false;
  bool ready_ = false;
  bool in_member_ = false;
};

class Unzstd final : public Bytes {
 public:
  explicit Unzstd(std::unique_ptr<Bytes> source)
      : input_(std::move(source)), stream_(ZSTD_createDStream()) {}
  Unzstd(const Unzstd&) = delete;
  Unzstd& operator=(const Unzstd&) = delete;
  ~Unzstd() override { ZSTD_freeDStream(stream_); }

  std::expected<std::size_t, std::string> read(std::span<char> out) override {
    if (stream_ == nullptr) return std::unexpected("zstd: out of memory");
    for (;;) {
      // Output may be waiting inside although the input is used up, so an empty chunk is fed too.
      const auto in = input_.peek();
      if (!in) return std::unexpected(in.error());
      ZSTD_inBuffer input{in->data(), in->size(), 0};
      ZSTD_outBuffer output{out.data(), out.size(), 0};
      if (in->empty() && at_frame_end_) return 0;
      const std::size_t result = ZSTD_decompressStream(stream_, &output, &input);
      if (ZSTD_isError(result) != 0U) {
        return std::unexpected("zstd: corrupt: " + std::string(ZSTD_getErrorName(result)));
      }
      input_.consume(input.pos);
      at_frame_end_ = result == 0;
      if (output.pos > 0) return output.pos;
      if (in->empty() && !at_frame_end_) {
        truncated_ = true;
        return std::unexpected("zstd: the file is truncated");
      }
    }
  }

  bool truncated() const override { return truncated_; }

 private:
  Input input_;
  ZSTD_DStream* stream_;
  bool at_frame_end_ = true;
  bool truncated_ = false;
};

class Bunzip final : public Bytes {
 public:
  explicit Bunzip(std::unique_ptr<Bytes> source) : input_(std::move(source)) {}
  Bunzip(const Bunzip&) = delete;
  Bunzip& operator=(const Bunzip&) = delete;
  ~Bunzip() override { BZ2_bzDecompressEnd(&stream_); }

  std::expected<std::size_t, std::string> read(std::span<char> out) override {
    for (;;) {
      // Output may be waiting inside although the input is used up, so an empty chunk is fed too.
      const auto in = input_.peek();
      if (!in) return std::unexpected(in.error());
      if (in->empty() && !in_member_) return 0;
      // An ended stream cannot be used again: the next one in a row begins anew.
      if (!in_member_ && !begin()) return std::unexpected("bzip2: out of memory");
      stream_.next_in = in->data();
      stream_.avail_in = static_cast<unsigned>(in->size());
      stream_.next_out = out.data();
      stream_.avail_out = static_cast<unsigned>(out.size());
      const int result = BZ2_bzDecompress(&stream_);
      input_.consume(in->size() - stream_.avail_in);
      const std::size_t produced = out.size() - stream_.avail_out;
      in_member_ = result == BZ_OK;
      if (result != BZ_OK && result != BZ_STREAM_END) {
        return std::unexpected(result == BZ_MEM_ERROR ? "bzip2: out of memory" : "bzip2: corrupt");
      }
      if (produced > 0) return produced;
      if (in->empty() && in_member_) {
        truncated_ = true;
        return std::unexpected("bzip2: the file is truncated");
      }
    }
  }

  bool truncated() const override { return truncated_; }

 private:
  bool begin() {
    BZ2_bzDecompressEnd(&stream_);
    stream_ = {};
    return BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
  }

  Input input_;
  bz_stream stream_{};
  bool truncated_ = false;
  bool in_member_ = false;
};

/// Whether what has been read so far may be the beginning of this.
bool may_be(std::string_view head, std::string_view magic) {
  return magic.starts_with(head.substr(0, magic.size()));
}

/// Reports a fault of the source in place of the first byte.
class Broken final : public Bytes {
 public:
  explicit Broken(std::string why) : why_(std::move(why)) {}
  std::expected<std::size_t, std::string> read(std::span<char>) override {
    return std::unexpected(why_);
  }

 private:
  std::string why_;
};

}  // namespace

std::unique_ptr<Bytes> open_bytes(std::istream& in) {
  auto plain = std::make_unique<StreamBytes>(in);
  std::string head;
  std::array<char, zstd_magic.size()> buffer;
  while (head.size() < buffer.size()) {
    const auto count = plain->read(std::span(buffer).first(buffer.size() - head.size()));
    if (!count) return std::make_unique<Broken>(count.error());
    if (*count == 0) break;
    head.append(buffer.data(), *count);
    // A first line shorter than the magic must not wait for more of a followed pipe.
    if (!may_be(head, gzip_magic) && !may_be(head, zstd_magic) && !may_be(head, bzip_magic)) break;
  }
  const bool gzip = head.starts_with(gzip_magic);
  const bool zstd = head.starts_with(zstd_magic);
  const bool bzip = head.starts_with(bzip_magic);
  auto whole = std::make_unique<Prefixed>(std::move(head), std::move(plain));
  if (gzip) return std::make_unique<Gunzip>(std::move(whole));
  if (zstd) return std::make_unique<Unzstd>(std::move(whole));
  if (bzip) return std::make_unique<Bunzip>(std::move(whole));
  return whole;
}

}  // namespace feedwatch::capture
