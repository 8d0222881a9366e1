#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "feedwatch/base/time.hpp"

namespace feedwatch::store {

/// Thrown inside store/sqlite only; the module's functions turn it into values at their edge.
class SqliteFailure : public std::runtime_error {
 public:
  SqliteFailure(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  int code() const { return code_ & 0xff; }
  /// The statement can never succeed with these values; anything else may pass later.
  bool permanent() const {
    return code() == SQLITE_CONSTRAINT || code() == SQLITE_MISMATCH || code() == SQLITE_TOOBIG ||
           code() == SQLITE_RANGE;
  }

 private:
  int code_;
};

/// One prepared statement. Bind in order with bind(…), then step; reset() makes it ready again.
/// Belongs to the thread that uses its Database.
class Statement {
 public:
  Statement(sqlite3* db, std::string_view sql);

  template <class... Args>
  Statement& bind(const Args&... args) {
    reset();
    int index = 0;
    (bind_one(++index, args), ...);
    return *this;
  }
  /// True while there is a row.
  bool step();
  /// For statements without result rows.
  void run();
  void reset();

  std::string text(int column) const;
  std::int64_t integer(int column) const { return sqlite3_column_int64(stmt_.get(), column); }
  std::optional<std::int64_t> maybe_integer(int column) const;
  std::optional<double> maybe_real(int column) const;
  std::optional<std::string> maybe_text(int column) const;
  bool boolean(int column) const { return integer(column) != 0; }
  std::optional<bool> maybe_bool(int column) const;
  WallTime time(int column) const { return wall_from_ns(integer(column)); }
  std::optional<WallTime> maybe_time(int column) const;

  struct Blob {
    std::string_view bytes;
  };

 private:
  void bind_one(int index, std::string_view value);
  void bind_one(int index, const std::string& value) { bind_one(index, std::string_view{value}); }
  void bind_one(int index, const char* value) { bind_one(index, std::string_view{value}); }
  void bind_one(int index, Blob value);
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, int value) { bind_one(index, std::int64_t{value}); }
  void bind_one(int index, std::size_t value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, bool value) { bind_one(index, std::int64_t{value}); }
  void bind_one(int index, double value);
  void bind_one(int index, WallTime value) { bind_one(index, to_ns(value)); }
  template <class T>
  void bind_one(int index, const std::optional<T>& value) {
    if (value) {
      bind_one(index, *value);
    } else {
      bind_null(index);
    }
  }
  void bind_null(int index);
  void check(int code) const;

  struct Finalize {
    void operator()(sqlite3_stmt* stmt) const { sqlite3_finalize(stmt); }
  };
  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, Finalize> stmt_;
};

/// One connection. One thread at a time; interrupt() and hurry() from any.
class Database {
 public:
  enum class Mode : unsigned char { create, read_only };
  /// A lock held by another process is waited for as long as `busy_timeout`.
  Database(const std::filesystem::path& path, Mode mode, Duration busy_timeout);

  void exec(const char* sql);
  void exec(const std::string& sql) { exec(sql.c_str()); }
  Statement prepare(std::string_view sql) { return {db_.get(), sql}; }
  std::int64_t integer(std::string_view sql);
  void interrupt() { sqlite3_interrupt(db_.get()); }
  /// Ends a wait for the lock of another process; from now on none is waited for.
  void hurry() { patience_->hurried = true; }
  bool in_transaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }
  std::int64_t changes() const { return sqlite3_changes64(db_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  struct Patience {
    explicit Patience(Duration busy_timeout);
    /// SQLite's busy handler: whether to try again.
    static int wait(void* patience, int tries);
    int max_tries;
    std::atomic<bool> hurried = false;
  };
  std::unique_ptr<Patience> patience_;  // where it is: SQLite holds its address
  std::unique_ptr<sqlite3, Close> db_;
};

/// BEGIN IMMEDIATE … COMMIT; rolled back by the destructor unless committed.
class Transaction {
 public:
  explicit Transaction(Database& db) : db_(db) { db_.exec("BEGIN IMMEDIATE"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() { db_.exec("COMMIT"); }

 private:
  Database& db_;
};

}  // namespace feedwatch::store
