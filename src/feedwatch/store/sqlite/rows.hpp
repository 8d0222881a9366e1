#pragma once

#include <vector>

#include "feedwatch/store/row_fields.hpp"
#include "feedwatch/store/row_sql.hpp"
#include "feedwatch/store/sqlite/database.hpp"

namespace feedwatch::store {

/// Writes journal rows through prepared statements of one connection.
class RowWriter {
 public:
  explicit RowWriter(Database& db) {
    for (const std::string_view sql : insert_sql) statements_.push_back(db.prepare(sql));
  }

  void write(const JournalRow& row) {
    const auto run = [&](const auto&... values) { statements_[row.index()].bind(values...).run(); };
    std::visit([&](const auto& each) { bind_fields(run, each); }, row);
  }

 private:
  std::vector<Statement> statements_;  ///< by place in JournalRow
};

}  // namespace feedwatch::store
