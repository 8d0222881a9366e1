#include "feedwatch/net/tls.hpp"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "feedwatch/net/tls_refusal.hpp"

namespace feedwatch::net {
namespace {

/// Bounds how long the first of them waits for the last to be decrypted: a tenth of a millisecond.
constexpr std::size_t most_together = 16U << 10U;
constexpr std::size_t read_ahead_buffer = 64U << 10U;  // all OpenSSL holds of what it has received
constexpr int channel_slot = 0;  // of the data an SSL carries for its application

// --- a BIO over one socket: OpenSSL's own writes without MSG_NOSIGNAL and would raise SIGPIPE ----

int bio_fd(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool transient(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = uninterrupted(
      [&] { return ::send(bio_fd(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL); });
  if (n < 0 && transient(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto n =
      uninterrupted([&] { return ::recv(bio_fd(bio), data, static_cast<std::size_t>(size), 0); });
  if (n < 0 && transient(errno)) BIO_set_retry_read(bio);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(n);
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "feedwatch socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

BIO* socket_bio(int fd) {
  BIO* bio = BIO_new(socket_method());
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  return bio;
}

// --- channel ------------------------------------------------------------------------------------

class TlsChannel final : public Channel {
 public:
  TlsChannel(Fd fd, SSL* ssl, std::string host)
      : fd_(std::move(fd)), ssl_(ssl), host_(std::move(host)) {
    BIO* bio = socket_bio(fd_.get());
    SSL_set_bio(ssl_, bio, bio);
    SSL_set_ex_data(ssl_, channel_slot, this);
  }
  ~TlsChannel() override { SSL_free(ssl_); }
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  IoResult read(std::span<char> into) override {
    if (ended_) return *std::exchange(ended_, std::nullopt);
    // Venues send a record for each message, and OpenSSL hands out one at a time: what has come in
    // together goes on together.
    const std::span<char> room = into.first(std::min(into.size(), most_together));
    IoResult all = read_record(room);
    while (all.status == IoStatus::ok && all.bytes < room.size() && SSL_has_pending(ssl_) == 1) {
      const IoResult more = read_record(room.subspan(all.bytes));
      all.bytes += more.bytes;
      if (more.status == IoStatus::closed || more.status == IoStatus::failed) ended_ = more;
      if (more.status != IoStatus::ok) break;
    }
    return all;
  }

  IoResult write(std::string_view bytes) override {
    if (bytes.empty()) return {};
    return call([&] { return SSL_write(ssl_, bytes.data(), clamp(bytes.size())); });
  }

  IoResult handshake() override {
    IoResult r = call([&] { return SSL_do_handshake(ssl_); });
    r.bytes = 0;
    return r;
  }

  bool waits_to_write() const override { return waits_to_write_; }
  // Decrypted bytes are fewer than those of the wire they came in.
  std::size_t waiting() const override {
    const std::size_t held = SSL_has_pending(ssl_) == 1 ? read_ahead_buffer : 0;
    const std::size_t unread = unread_bytes(fd_.get());
    return unread + std::min(held, std::numeric_limits<std::size_t>::max() - unread);
  }
  int fd() const override { return fd_.get(); }

  /// The verification of the peer's certificate has just failed.
  void refuse(X509_STORE_CTX* verifying) { refusal_ = certificate_refusal(verifying, host_); }

 private:
  IoResult read_record(std::span<char> into) {
    return call([&] { return SSL_read(ssl_, into.data(), clamp(into.size())); });
  }

  static int clamp(std::size_t n) { return static_cast<int>(std::min<std::size_t>(n, INT_MAX)); }

  template <class F>
  IoResult call(F&& f) {
    ERR_clear_error();
    errno = 0;
    const int n = f();
    waits_to_write_ = false;
    if (n > 0) return {.status = IoStatus::ok, .bytes = static_cast<std::size_t>(n)};
    const int system_error = errno;
    switch (SSL_get_error(ssl_, n)) {
      case SSL_ERROR_WANT_READ:
        return {.status = IoStatus::would_block};
      case SSL_ERROR_WANT_WRITE:
        waits_to_write_ = true;
        return {.status = IoStatus::would_block};
      case SSL_ERROR_ZERO_RETURN:
        return {.status = IoStatus::closed};
      case SSL_ERROR_SYSCALL:
        error_ = system_error != 0 ? errno_text(system_error) : "connection ended without notice";
        return {.status = IoStatus::failed};
      default:
        error_ = failure();
        return {.status = IoStatus::failed};
    }
  }

  std::string failure() const {
    if (refusal_.empty()) return tls_error();
    ERR_clear_error();
    return refusal_;
  }

  Fd fd_;
  SSL* ssl_;
  std::string host_;     // empty on the server's side
  std::string refusal_;  // what is wrong with the peer's certificate
  bool waits_to_write_ = false;
  std::optional<IoResult> ended_;  // told by the next read: this one had bytes besides
};

int on_verify(int good, X509_STORE_CTX* verifying) {
  if (good == 1) return good;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(verifying, SSL_get_ex_data_X509_STORE_CTX_idx()));
  static_cast<TlsChannel*>(SSL_get_ex_data(ssl, channel_slot))->refuse(verifying);
  return good;
}

void common_settings(SSL_CTX* ctx) {
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_default_read_buffer_len(ctx, read_ahead_buffer);
}

/// Whose certificate the peer has to show. A check that could not be set would pass everybody's.
bool expect_host(SSL* ssl, const std::string& host) {
  if (is_numeric_address(host)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), without_zone(host).c_str()) == 1;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // The macro SSL_set_tlsext_host_name casts in the old style.
  return !host.empty() && SSL_set1_host(ssl, host.c_str()) == 1 &&
         SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(host.c_str())) == 1;
}

std::int64_t to_ns(const timespec& time) {
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

}  // namespace

TlsContext::~TlsContext() {
  SSL_CTX_free(ctx_);
}

std::expected<std::shared_ptr<TlsContext>, std::string> TlsContext::client(
    const std::string& ca_file) {
  std::shared_ptr<TlsContext> context(new TlsContext(SSL_CTX_new(TLS_client_method())));
  SSL_CTX* ctx = context->ctx_;
  common_settings(ctx);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify);
  if (SSL_CTX_set_default_verify_paths(ctx) != 1) {
    return std::unexpected("the system's trust store cannot be read: " + tls_error());
  }
  if (!ca_file.empty() && SSL_CTX_load_verify_file(ctx, ca_file.c_str()) != 1) {
    return std::unexpected(fmt::format("CA file '{}' cannot be read: {}", ca_file, tls_error()));
  }
  return context;
}

std::expected<std::shared_ptr<TlsContext>, std::string> TlsContext::server(
    const std::string& cert_file, const std::string& key_file) {
  std::shared_ptr<TlsContext> context(new TlsContext(SSL_CTX_new(TLS_server_method())));
  SSL_CTX* ctx = context->ctx_;
  common_settings(ctx);
  if (SSL_CTX_use_certificate_chain_file(ctx, cert_file.c_str()) != 1) {
    return std::unexpected(
        fmt::format("certificate '{}' cannot be read: {}", cert_file, tls_error()));
  }
  if (SSL_CTX_use_PrivateKey_file(ctx, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return std::unexpected(fmt::format("key '{}' cannot be used: {}", key_file, tls_error()));
  }
  return context;
}

std::expected<std::unique_ptr<Channel>, std::string> TlsContext::connect(
    Fd fd, const std::string& host) const {
  SSL* ssl = SSL_new(ctx_);
  auto channel = std::make_unique<TlsChannel>(std::move(fd), ssl, host);
  SSL_set_connect_state(ssl);
  if (!expect_host(ssl, host)) {
    return std::unexpected(
        fmt::format("the identity of '{}' cannot be checked: {}", host, tls_error()));
  }
  // Some edges refuse or pick HTTP/2 without it.
  static constexpr unsigned char http11[] = "\x08http/1.1";
  SSL_set_alpn_protos(ssl, http11, sizeof http11 - 1);
  return channel;
}

std::unique_ptr<Channel> TlsContext::accept(Fd fd) const {
  SSL* ssl = SSL_new(ctx_);
  SSL_set_accept_state(ssl);
  return std::make_unique<TlsChannel>(std::move(fd), ssl, std::string{});
}

TlsContexts::Version TlsContexts::version_of(const std::string& file) {
  struct stat info{};
  if (file.empty() || ::stat(file.c_str(), &info) != 0) return {};
  return {.inode = info.st_ino,
          .size = info.st_size,
          .written_ns = to_ns(info.st_mtim),
          .changed_ns = to_ns(info.st_ctim)};
}

std::expected<std::shared_ptr<TlsContext>, std::string> TlsContexts::client(
    const std::string& ca_file) {
  const Version version = version_of(ca_file);
  const auto found = std::ranges::find(entries_, ca_file, &Entry::ca_file);
  if (found != entries_.end() && found->version == version) return found->context;
  auto made = TlsContext::client(ca_file);
  if (!made) return made;
  if (found != entries_.end()) entries_.erase(found);
  entries_.push_back({ca_file, version, *made});
  return made;
}

}  // namespace feedwatch::net
