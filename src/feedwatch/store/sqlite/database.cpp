#include "feedwatch/store/sqlite/database.hpp"

#include <algorithm>

namespace feedwatch::store {
namespace {

constexpr int pause_ms = 5;  ///< between two looks at a lock somebody else holds

[[noreturn]] void fail(sqlite3* db, int code) {
  const std::string message = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  throw SqliteFailure(code, message);
}

}  // namespace

Statement::Statement(sqlite3* db, std::string_view sql) : db_(db) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  stmt_.reset(raw);
  check(code);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) fail(db_, code);
}

bool Statement::step() {
  const int code = sqlite3_step(stmt_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  // Reset first, or the statement would keep its locks; the failure's own words come before that.
  const std::string message = sqlite3_errmsg(db_);
  reset();
  throw SqliteFailure(code, message);
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() {
  sqlite3_reset(stmt_.get());
}

std::string Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(stmt_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(stmt_.get(), column));
  return bytes == nullptr ? std::string{} : std::string(static_cast<const char*>(bytes), size);
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  if (sqlite3_column_type(stmt_.get(), column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

std::optional<double> Statement::maybe_real(int column) const {
  if (sqlite3_column_type(stmt_.get(), column) == SQLITE_NULL) return std::nullopt;
  return sqlite3_column_double(stmt_.get(), column);
}

std::optional<std::string> Statement::maybe_text(int column) const {
  if (sqlite3_column_type(stmt_.get(), column) == SQLITE_NULL) return std::nullopt;
  return text(column);
}

std::optional<bool> Statement::maybe_bool(int column) const {
  const std::optional<std::int64_t> value = maybe_integer(column);
  return value ? std::optional{*value != 0} : std::nullopt;
}

std::optional<WallTime> Statement::maybe_time(int column) const {
  const std::optional<std::int64_t> ns = maybe_integer(column);
  return ns ? std::optional{wall_from_ns(*ns)} : std::nullopt;
}

// Values are copied: a statement kept for later holds no view of a row that has gone.
void Statement::bind_one(int index, std::string_view value) {
  const char* data = value.empty() ? "" : value.data();
  check(sqlite3_bind_text64(stmt_.get(), index, data, value.size(),
                            SQLITE_TRANSIENT,  // NOLINT: SQLite's own cast
                            SQLITE_UTF8));
}

void Statement::bind_one(int index, Blob value) {
  const char* data = value.bytes.empty() ? "" : value.bytes.data();
  check(sqlite3_bind_blob64(stmt_.get(), index, data, value.bytes.size(),
                            SQLITE_TRANSIENT));  // NOLINT: SQLite's own cast
}

void Statement::bind_one(int index, std::int64_t value) {
  check(sqlite3_bind_int64(stmt_.get(), index, value));
}

void Statement::bind_one(int index, double value) {
  check(sqlite3_bind_double(stmt_.get(), index, value));
}

void Statement::bind_null(int index) {
  check(sqlite3_bind_null(stmt_.get(), index));
}

Database::Patience::Patience(Duration busy_timeout) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(busy_timeout).count();
  max_tries = static_cast<int>(std::clamp<std::int64_t>(ms, 0, 60'000)) / pause_ms;
}

// Not sqlite3_busy_timeout: nothing ends that one early, and a program told to stop has to.
int Database::Patience::wait(void* patience, int tries) {
  const auto& self = *static_cast<const Patience*>(patience);
  if (self.hurried || tries >= self.max_tries) return 0;
  sqlite3_sleep(pause_ms);
  return 1;
}

Database::Database(const std::filesystem::path& path, Mode mode, Duration busy_timeout)
    : patience_(std::make_unique<Patience>(busy_timeout)) {
  const int access =
      mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, access | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(raw);
  if (code != SQLITE_OK) fail(raw, code);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_handler(raw, &Patience::wait, patience_.get());
}

void Database::exec(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(db_.get(), code);
}

std::int64_t Database::integer(std::string_view sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors (full disk), so ask it.
  if (!db_.in_transaction()) return;
  try {
    db_.exec("ROLLBACK");
  } catch (const SqliteFailure&) {
    // Nothing is committed either way; the next statement reports what is wrong.
    return;
  }
}

}  // namespace feedwatch::store
