#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/store/store.hpp"

namespace feedwatch::store {

/// The newest ids something is to be known of, each with a word about it; bounded.
class RecentIds {
 public:
  void put(const std::string& id, std::string word);
  /// nullptr when nothing is known.
  const std::string* find(const std::string& id) const;
  bool empty() const { return words_.empty(); }
  void clear();

 private:
  std::map<std::string, std::string> words_;
  std::deque<std::string> order_;  ///< oldest first
};

/// Which alerts are open, as of the newest batch accepted (not yet committed, perhaps): what makes
/// create_alert decide at once, also while the database is down, and keeps one open alert per
/// identity whoever opens it first. Not thread-safe.
class OpenAlerts {
 public:
  explicit OpenAlerts(Recipients recipients = {}) : recipients_(std::move(recipients)) {}

  void load(std::vector<AlertRow> alerts);
  /// A batch that opens what is open already under another id becomes news of that one, and so does
  /// what its writer says under its own id afterwards. Of an alert that has ended here nothing more
  /// is taken: its writer does not know yet.
  void join(JournalBatch& batch);
  /// Follows the alert rows of a batch on its way to the database.
  void note(const JournalBatch& batch);
  /// The batch that creates or refreshes the alert of the request's identity; its first row is the
  /// alert. Whatever is news (opened, severity risen) has its outbox entries in it.
  JournalBatch request(const AlertRequest& request, WallTime now, std::string fresh_id,
                       std::string key) const;
  /// The batch that ends an open alert; nothing when no alert of this id is open.
  std::optional<JournalBatch> resolution(const std::string& id, WallTime now,
                                         std::string key) const;

 private:
  const std::string& known_as(const std::string& id) const;
  bool has_ended(const std::string& id) const;
  void join_row(AlertRow& row) const;

  Recipients recipients_;
  std::map<std::string, AlertRow> by_identity_;
  RecentIds joined_;  ///< another writer's id → the id of the row
  RecentIds ended_;
};

}  // namespace feedwatch::store
