#include "tests/bench/store/bare.hpp"

#include <libpq-fe.h>
#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <variant>

#include "feedwatch/store/postgres/pg_values.hpp"
#include "feedwatch/store/row_fields.hpp"
#include "feedwatch/store/row_sql.hpp"
#include "tests/bench/store/work.hpp"

namespace feedwatch::bench {
namespace {

using store::bind_fields;
using store::insert_sql;
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

double since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void must(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(what);
}

// ---- SQLite ----

struct BareRow {
  std::size_t statement;
  std::vector<Value> values;
};

void put(std::vector<Value>& out, const std::string& text) {
  out.emplace_back(text);
}
void put(std::vector<Value>& out, std::int64_t value) {
  out.emplace_back(value);
}
void put(std::vector<Value>& out, bool value) {
  out.emplace_back(std::int64_t{value});
}
void put(std::vector<Value>& out, double value) {
  out.emplace_back(value);
}
void put(std::vector<Value>& out, WallTime value) {
  out.emplace_back(to_ns(value));
}
template <class T>
void put(std::vector<Value>& out, const std::optional<T>& value) {
  if (value) {
    put(out, *value);
  } else {
    out.emplace_back();
  }
}

BareRow bare_row(const JournalRow& row) {
  BareRow bare{.statement = row.index(), .values = {}};
  const auto take = [&](const auto&... values) { (put(bare.values, values), ...); };
  std::visit([&](const auto& each) { bind_fields(take, each); }, row);
  return bare;
}

void bind(sqlite3_stmt* statement, const std::vector<Value>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int at = static_cast<int>(i) + 1;
    if (const auto* text = std::get_if<std::string>(&values[i])) {
      sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()),
                        nullptr);  // SQLITE_STATIC
    } else if (const auto* number = std::get_if<std::int64_t>(&values[i])) {
      sqlite3_bind_int64(statement, at, *number);
    } else if (const auto* real = std::get_if<double>(&values[i])) {
      sqlite3_bind_double(statement, at, *real);
    } else {
      sqlite3_bind_null(statement, at);
    }
  }
}

using Db = std::unique_ptr<sqlite3, decltype([](sqlite3* db) { sqlite3_close_v2(db); })>;
using Stmt = std::unique_ptr<sqlite3_stmt, decltype([](sqlite3_stmt* s) { sqlite3_finalize(s); })>;

Stmt prepare(sqlite3* db, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw,
                     nullptr);
  must(raw != nullptr, "prepare");
  return Stmt(raw);
}

void run(sqlite3_stmt* statement) {
  must(sqlite3_step(statement) == SQLITE_DONE, "step");
  sqlite3_reset(statement);
}

// ---- PostgreSQL ----

using Conn = std::unique_ptr<PGconn, decltype([](PGconn* c) { PQfinish(c); })>;
using Res = std::unique_ptr<PGresult, decltype([](PGresult* r) { PQclear(r); })>;

struct PgBareRow {
  std::string statement;
  store::PgValues values;
};

void send(PGconn* connection, PgBareRow& row) {
  must(PQsendQueryPrepared(connection, row.statement.c_str(), row.values.size(),
                           row.values.pointers().data(), row.values.lengths().data(),
                           row.values.formats().data(), 1) == 1,
       "send");
}

void send(PGconn* connection, const char* sql) {
  must(PQsendQueryParams(connection, sql, 0, nullptr, nullptr, nullptr, nullptr, 1) == 1, "send");
}

void finish(PGconn* connection) {
  must(PQpipelineSync(connection) == 1, "sync");
  while (true) {
    const Res result(PQgetResult(connection));
    if (result == nullptr) continue;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) return;
    must(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, PQerrorMessage(connection));
  }
}

struct PgTransaction {
  PgBareRow keys;
  std::vector<PgBareRow> rows;
};

std::vector<PgTransaction> ready_transactions(const std::vector<JournalBatch>& batches) {
  std::vector<PgTransaction> all;
  for (const auto& group : transactions(batches)) {
    PgTransaction& each = all.emplace_back();
    std::vector<std::string_view> keys;
    for (const JournalBatch* batch : group) {
      keys.emplace_back(batch->idempotency_key);
      for (const JournalRow& row : batch->rows) {
        PgBareRow& ready =
            each.rows.emplace_back("row" + std::to_string(row.index()), store::PgValues{});
        const auto take = [&](const auto&... values) { ready.values.bind(values...); };
        std::visit([&](const auto& one) { bind_fields(take, one); }, row);
      }
    }
    each.keys.statement = "keys";
    each.keys.values.bind(store::PgValues::Texts(keys), today());
  }
  return all;
}

}  // namespace

double bare_sqlite(const std::string& file, const std::vector<JournalBatch>& batches, bool sync) {
  sqlite3* raw = nullptr;
  sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  const Db db(raw);
  sqlite3_exec(raw, sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", nullptr,
               nullptr, nullptr);
  sqlite3_exec(raw, "PRAGMA journal_size_limit = 16777216", nullptr, nullptr, nullptr);
  const Stmt begin = prepare(raw, "BEGIN IMMEDIATE"), commit = prepare(raw, "COMMIT");
  const Stmt mark = prepare(raw, "SAVEPOINT batch"), release = prepare(raw, "RELEASE batch");
  const Stmt key = prepare(raw,
                           "INSERT INTO committed_batches (idempotency_key, committed_at) "
                           "VALUES (?1, ?2) ON CONFLICT (idempotency_key) DO NOTHING");
  std::vector<Stmt> inserts;
  for (const std::string_view sql : insert_sql) inserts.push_back(prepare(raw, sql));
  const auto groups = transactions(batches);
  std::vector<std::vector<BareRow>> ready;
  for (const JournalBatch& batch : batches) {
    auto& rows = ready.emplace_back();
    for (const JournalRow& row : batch.rows) rows.push_back(bare_row(row));
  }
  const std::int64_t now = to_ns(today());
  const auto began = std::chrono::steady_clock::now();
  std::size_t next = 0;
  for (const auto& group : groups) {
    run(begin.get());
    for (const JournalBatch* batch : group) {
      run(mark.get());
      sqlite3_bind_text(key.get(), 1, batch->idempotency_key.data(),
                        static_cast<int>(batch->idempotency_key.size()), nullptr);
      sqlite3_bind_int64(key.get(), 2, now);
      run(key.get());
      for (const BareRow& row : ready[next]) {
        bind(inserts[row.statement].get(), row.values);
        run(inserts[row.statement].get());
      }
      ++next;
      run(release.get());
    }
    run(commit.get());
  }
  return since(began);
}

double bare_postgres(const std::string& url, const std::vector<JournalBatch>& batches) {
  const Conn connection(PQconnectdb(url.c_str()));
  must(PQstatus(connection.get()) == CONNECTION_OK, "connect");
  PQclear(PQexec(connection.get(), "SET search_path = feedwatch"));
  for (std::size_t i = 0; i < insert_sql.size(); ++i) {
    PQclear(PQprepare(connection.get(), ("row" + std::to_string(i)).c_str(),
                      std::string(insert_sql[i]).c_str(), 0, nullptr));
  }
  PQclear(PQprepare(connection.get(), "keys",
                    "INSERT INTO committed_batches (idempotency_key, committed_at) "
                    "SELECT unnest($1::text[]), $2::timestamptz "
                    "ON CONFLICT (idempotency_key) DO NOTHING RETURNING idempotency_key",
                    0, nullptr));
  std::vector<PgTransaction> ready = ready_transactions(batches);
  PQenterPipelineMode(connection.get());
  const auto began = std::chrono::steady_clock::now();
  for (PgTransaction& each : ready) {
    send(connection.get(), "BEGIN");
    send(connection.get(), each.keys);
    finish(connection.get());
    for (PgBareRow& row : each.rows) send(connection.get(), row);
    send(connection.get(), "COMMIT");
    finish(connection.get());
  }
  return since(began);
}

}  // namespace feedwatch::bench
