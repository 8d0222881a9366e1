#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/mailbox.hpp"

namespace feedwatch::store {

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "feedwatch-store-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class RealClock final : public Clock {
 public:
  MonoTime now() const override { return mono_from_ns(read(CLOCK_BOOTTIME)); }
  WallTime wall_now() const override { return wall_from_ns(read(CLOCK_REALTIME)); }

 private:
  static std::int64_t read(clockid_t id) {
    timespec t{};
    ::clock_gettime(id, &t);
    return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
  }
};

/// The owner's thread is the test's: tasks run inside wait_until.
class TestMailbox final : public Mailbox {
 public:
  bool post(Task task) override {
    const std::lock_guard lock(mutex_);
    if (refuse_ > 0) {
      --refuse_;
      ++refused_;
      return false;
    }
    tasks_.push_back(std::move(task));
    wake_.notify_one();
    return true;
  }

  void refuse_next(int count) {
    const std::lock_guard lock(mutex_);
    refuse_ = count;
  }

  int refused() {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

  /// Runs tasks until the condition holds; false after 20 s.
  template <class Condition>
  [[nodiscard]] bool wait_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      std::unique_lock lock(mutex_);
      if (std::chrono::steady_clock::now() > end) return false;
      wake_.wait_for(lock, std::chrono::milliseconds(2), [this] { return !tasks_.empty(); });
      std::deque<Task> ready;
      ready.swap(tasks_);
      lock.unlock();
      for (Task& task : ready) task();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  int refuse_ = 0;
  int refused_ = 0;
};

inline AlertRow alert_row(const std::string& id, const std::string& state = "firing") {
  AlertRow row{.id = id,
               .name = "stream_stale",
               .identity = "stream_stale{stream=\"" + id + "\"}",
               .severity = "critical",
               .state = state,
               .message = "it's \"quiet\"; DROP TABLE alerts; --",
               .metadata = R"({"age_seconds":12.5})",
               .labels = {{"stream", "binance-usdm/BTC\"\\\n\x01USDT/mark"}, {"venue", "биржа"}},
               .started_at = wall_from_ns(1'700'000'000'123'456'000),
               .updated_at = wall_from_ns(1'700'000'001'000'001'000),
               .resolved_at = {}};
  if (state == "resolved") row.resolved_at = row.updated_at;
  return row;
}

inline AlertRow acknowledged(AlertRow row) {
  row.acked_at = row.updated_at;
  row.acked_by = "ann";
  row.ack_comment = "looking";
  return row;
}

inline SilenceRow silence_row(const std::string& id, Duration lasts = 1h) {
  const WallTime start = wall_from_ns(1'700'000'000'000'123'000);
  return {.id = id,
          .matchers = R"([{"name":"venue","value":"al.*","isRegex":true,"isEqual":true}])",
          .starts_at = start,
          .ends_at = start + lasts,
          .created_at = start,
          .updated_at = start,
          .created_by = "ann",
          .comment = "moving the line"};
}

inline AgedMonitoringEventRow aged_event_row(const std::string& id) {
  return {.id = id,
          .aged_position_id = "p1",
          .event_type = "price_check",
          .market_price = "28145.10",
          .target_price = std::nullopt,
          .price_distance_percent = -0.25,
          .action_taken = "none",
          .success = false,
          .error_message = "refused",
          .event_metadata = R"({"phase":"grace"})",
          .created_at = wall_from_ns(1'700'000'000'000'321'000)};
}

inline PositionRow position_row(const std::string& id) {
  const WallTime start = wall_from_ns(1'700'000'000'000'000'000);
  return {.venue = "binance-usdm",
          .symbol = "BTCUSDT",
          .id = id,
          .side = "short",
          .entry_price = "28145.10",
          .quantity = "0.250",
          .opened_at = start,
          .owner = "bot-7",
          .ttl_seconds = 90.0,
          .registered_at = start + 2s,
          .updated_at = start + 3s,
          .expires_at = start + 93s,
          .closed_at = std::nullopt,
          .strategy = "momentum",
          .trailing = "callback_percent=0.3",
          .aged = "off",
          .listed_by = "bot"};
}

inline TrailingStopRow trailing_row(const std::string& id) {
  const PositionRow of = position_row(id);
  return {.venue = of.venue,
          .symbol = of.symbol,
          .id = id,
          .opened_at = of.opened_at,
          .state = "active",
          .peak = "27000.5",
          .stop = "27135.5025",
          .confirmed_stop = std::nullopt,
          .activation_confirmed = true,
          .last_number = 3,
          .decisions = 5,
          .updated_at = of.updated_at};
}

inline AgedPositionRow aged_row(const std::string& id) {
  const PositionRow of = position_row(id);
  return {.venue = of.venue,
          .symbol = of.symbol,
          .id = id,
          .opened_at = of.opened_at,
          .phase = "grace",
          .reached = true,
          .exited = false,
          .decisions = 6,
          .updated_at = of.updated_at};
}

inline PositionDecisionRow decision_row(const std::string& id) {
  const PositionRow of = position_row("p1");
  return {.id = id,
          .venue = of.venue,
          .symbol = of.symbol,
          .position = of.id,
          .opened_at = of.opened_at,
          .number = 5,
          .rule = "trailing",
          .type = "stop_moved",
          .price = "27000.5",
          .stop = "27135.5025",
          .peak = "27000.5",
          .target = std::nullopt,
          .phase = "",
          .receive_age_seconds = 0.25,
          .event_age_seconds = std::nullopt,
          .source = "live",
          .reason = "the stop follows",
          .created_at = of.updated_at};
}

inline StreamTransitionRow transition(int n) {
  return {.stream = "v/S/last",
          .at = wall_from_ns(1'700'000'000'000'000'000 + n),
          .from = "healthy",
          .to = "stale",
          .reason = "silent",
          .fault = true,
          .age_seconds = n % 2 == 0 ? std::optional<double>(n) : std::nullopt,
          .merged = n};
}

inline JournalBatch batch_of(std::string key, std::vector<JournalRow> rows) {
  return {.idempotency_key = std::move(key), .rows = std::move(rows)};
}

}  // namespace feedwatch::store
