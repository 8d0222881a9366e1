#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "feedwatch/base/time.hpp"

namespace feedwatch::store {

/// Thrown inside store/postgres only; the module's functions turn it into values at their edge.
class PgFailure : public std::runtime_error {
 public:
  /// `sqlstate` is empty when it is not the server that speaks: no connection, no answer in time.
  PgFailure(std::string sqlstate, const std::string& message)
      : std::runtime_error(message), sqlstate_(std::move(sqlstate)) {}
  const std::string& sqlstate() const { return sqlstate_; }
  /// The statement can never succeed with these values (data exception, constraint, a text too long
  /// for its index); anything else may pass later, when somebody has seen to the server.
  bool permanent() const;
  /// The server lets us in, or knows the database, only when somebody changes something.
  bool refuses_us() const;

 private:
  std::string sqlstate_;
};

/// The rows one statement answered, in binary form.
class PgResult {
 public:
  PgResult() = default;
  explicit PgResult(PGresult* raw) : raw_(raw) {}
  int rows() const { return PQntuples(raw_.get()); }
  PGresult* get() const { return raw_.get(); }
  /// What the server complains of.
  PgFailure failure() const;
  /// Rows a statement without rows has changed.
  std::int64_t changes() const;

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> raw_;
};

/// One row of it, as row_fields reads it. The result must outlive it.
class PgRow {
 public:
  PgRow(const PgResult& result, int row) : result_(result.get()), row_(row) {}
  std::string text(int column) const;
  std::int64_t integer(int column) const { return static_cast<std::int64_t>(bits(column)); }
  bool boolean(int column) const;
  double real(int column) const;
  WallTime time(int column) const;
  std::optional<std::string> maybe_text(int column) const;
  std::optional<bool> maybe_bool(int column) const;
  std::optional<double> maybe_real(int column) const;
  std::optional<WallTime> maybe_time(int column) const;

 private:
  bool is_null(int column) const { return PQgetisnull(result_, row_, column) != 0; }
  std::uint64_t bits(int column) const;

  const PGresult* result_;
  int row_;
};

}  // namespace feedwatch::store
