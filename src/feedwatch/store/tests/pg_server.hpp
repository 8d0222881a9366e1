#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "feedwatch/store/tests/support.hpp"

namespace feedwatch::store {

/// A real PostgreSQL 15 of this test program on loopback, with its own data in a temporary
/// directory; ends with the program. As root it runs as the user postgres.
class PgServer {
 public:
  /// Whether Debian's PostgreSQL 15 is installed.
  static bool installed();
  /// The program's one, started at the first call.
  static PgServer& shared();

  explicit PgServer(std::vector<std::string> settings = {});
  PgServer(const PgServer&) = delete;
  PgServer& operator=(const PgServer&) = delete;
  ~PgServer();

  std::uint16_t port() const { return port_; }
  const std::filesystem::path& data() const { return data_; }
  std::string url(const std::string& database) const;
  std::string create_database();
  /// One value, as text.
  std::string ask(const std::string& database, const std::string& sql) const;

  void start();
  void stop();     ///< in order, clients are thrown out
  void kill();     ///< SIGKILL, all its processes
  void suspend();  ///< SIGSTOP, all its processes
  void resume();
  bool is_up() const { return pid_ > 0; }
  /// Changes a file of the data directory, and has the server read it again.
  void write(const std::string& file, const std::string& text, mode_t mode = 0600);
  void reload();

 private:
  pid_t spawn(const std::vector<std::string>& command) const;
  void run(const std::vector<std::string>& command) const;
  std::vector<pid_t> processes() const;
  void signal_all(int signal) const;

  TempDir dir_;
  std::filesystem::path data_;
  std::vector<std::string> settings_;
  std::uint16_t port_ = 0;
  uid_t user_ = 0;
  gid_t group_ = 0;
  pid_t pid_ = -1;
  int databases_ = 0;
};

}  // namespace feedwatch::store
