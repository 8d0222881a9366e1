#pragma once

#include <map>
#include <string>
#include <vector>

#include "feedwatch/store/store.hpp"

namespace feedwatch::store {

/// Which alerts are open, as of the newest batch accepted (not yet committed, perhaps): what makes
/// create_alert decide at once, also while the database is down. Not thread-safe.
class OpenAlerts {
 public:
  void load(std::vector<AlertRow> alerts);
  /// Follows the alert rows of a batch on its way to the database.
  void note(const JournalBatch& batch);
  /// The batch that creates or refreshes the alert of the request's identity.
  JournalBatch request(const AlertRequest& request, WallTime now, std::string fresh_id,
                       std::string key) const;

 private:
  std::map<std::string, AlertRow> by_identity_;
};

}  // namespace feedwatch::store
