#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "feedwatch/net/channel.hpp"

namespace feedwatch::net {

/// Certificates and settings shared by many TLS channels.
class TlsContext {
 public:
  /// Trusts the system store, and the certificates in `ca_file` beside it unless that is empty.
  static std::expected<std::shared_ptr<TlsContext>, std::string> client(const std::string& ca_file);
  static std::expected<std::shared_ptr<TlsContext>, std::string> server(
      const std::string& cert_file, const std::string& key_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Verifies the peer's chain and that its certificate is for `host` (name or address). Fails
  /// where the latter cannot be asked for.
  std::expected<std::unique_ptr<Channel>, std::string> connect(Fd fd,
                                                               const std::string& host) const;
  std::unique_ptr<Channel> accept(Fd fd) const;

 private:
  explicit TlsContext(SSL_CTX* ctx) : ctx_(ctx) {}
  SSL_CTX* ctx_;
};

/// Client contexts by private CA file, made once: reading the system store takes milliseconds. A
/// changed CA file is read again.
class TlsContexts {
 public:
  std::expected<std::shared_ptr<TlsContext>, std::string> client(const std::string& ca_file);

 private:
  /// Two versions of a file may share the time of writing, whose steps are milliseconds.
  struct Version {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t written_ns = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Version&) const = default;
  };
  struct Entry {
    std::string ca_file;
    Version version;
    std::shared_ptr<TlsContext> context;
  };
  static Version version_of(const std::string& file);
  std::vector<Entry> entries_;
};

}  // namespace feedwatch::net
