#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch {

/// A StateStore in the test's hands: what a later run finds of an earlier one.
class MapState : public StateStore {
 public:
  std::optional<std::string> get(const std::string& key) const override {
    const auto found = records.find(key);
    return found == records.end() ? std::nullopt : std::optional(found->second);
  }
  void put(const std::string& key, std::string value) override {
    records.insert_or_assign(key, std::move(value));
    ++puts;
  }
  std::map<std::string, std::string> records;
  int puts = 0;
};

}  // namespace feedwatch
