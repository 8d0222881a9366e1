/// Readers in other processes beside a writer at full speed: no answer is ever half of two.
/// FEEDWATCH_SHM_SECONDS says for how long (5).
#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "child.hpp"
#include "feedwatch/board/price_board.hpp"
#include "feedwatch/shm/reader.hpp"
#include "feedwatch/shm/segment_file.hpp"
#include "feedwatch/shm/tests/shared_monitor.hpp"

namespace feedwatch::shm {
namespace {

using namespace test;

constexpr std::size_t streams = 4;
constexpr std::size_t readers = 3;
constexpr MonoTime judged_at{10 * 24h};  ///< writer and readers agree on it; stamps lie before

/// Every number in it follows from n.
Slot slot_of(const Slot& own, std::uint64_t n) {
  const auto stamp = mono_from_ns(static_cast<std::int64_t>(n));
  Slot slot = own;
  slot.occupied = slot.received = slot.has_event_time = slot.has_seq = true;
  slot.level = Level::healthy;
  slot.degraded_after = slot.stale_after = 24h * 365;
  const auto number = static_cast<std::int64_t>(n);
  slot.prices = {Decimal{number, 2}, Decimal{number + 1, 2}};
  slot.carried = slot.confirmed = slot.changed = slot.level_since = stamp;
  slot.ts_recv = wall_from_ns(number);
  slot.ts_event = wall_from_ns(number + 2);
  slot.transit = Duration{number % 1000};
  slot.seq = slot.ticks = n;
  slot.epoch = static_cast<std::uint32_t>(n);
  return slot;
}

bool whole(const Price& price) {
  const auto n = static_cast<std::int64_t>(price.seq);
  const Duration age = judged_at - mono_from_ns(n);
  return price.prices.price.mantissa() == n && price.prices.ask.mantissa() == n + 1 &&
         price.receive_age == age && price.confirmed_age == age &&
         price.event_age == age + Duration{n % 1000} && to_ns(price.level_since) == n &&
         to_ns(price.ts_recv) == n && to_ns(price.ts_event.value()) == n + 2 &&
         price.epoch == static_cast<std::uint32_t>(price.seq);
}

struct Account {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> writes{0}, reads{0}, torn{0}, backwards{0}, stuck{0}, other{0};
};

void write(PriceBoard& board, Account& account) {
  std::array<Slot, streams> own;
  for (std::size_t i = 0; i < streams; ++i) own[i] = board.own(board.at(i));
  for (std::uint64_t n = 1; !account.stop.load(std::memory_order_relaxed); ++n) {
    const std::size_t i = n % streams;
    board.write(board.at(i), slot_of(own[i], n));
    account.writes.store(n, std::memory_order_relaxed);
  }
}

void read(const std::string& path, Account& account) {
  const auto reader = Reader::open(path).value();
  std::array<Handle, streams> handles;
  std::array<std::uint64_t, streams> newest{};
  for (std::size_t i = 0; i < streams; ++i) {
    handles[i] = reader->find("v/S" + std::to_string(i) + "/last").value();
  }
  const Question question{.read = {.max_age = 24h * 365}};
  std::uint64_t reads = 0;
  for (; !account.stop.load(std::memory_order_relaxed); ++reads) {
    const std::size_t i = reads % streams;
    const auto said = reader->price_at(handles[i], question, judged_at);
    if (!said) {
      ++(said.error().code == RefusalCode::writer_stuck ? account.stuck : account.other);
      continue;
    }
    if (!whole(said->price)) ++account.torn;
    if (said->price.seq < newest[i]) ++account.backwards;
    newest[i] = said->price.seq;
  }
  account.reads += reads;
}

TEST(Torn, NothingIsReadThatWasNotWrittenWhole) {
  const Scratch scratch;
  auto created = SegmentFile::create(segment_options(scratch.path, 1, streams));
  ASSERT_TRUE(created.has_value()) << created.error().text();
  SegmentFile* segment = created->get();
  PriceBoard board(std::move(*created), streams, this_process(wall_from_ns(1)).value());
  for (std::size_t i = 0; i < streams; ++i) {
    const StreamId stream = board.claim({"v", "S" + std::to_string(i), Kind::last}).value();
    board.write(stream, slot_of(board.own(stream), 1));
    board.publish(stream);
  }
  board.beat(judged_at);
  ASSERT_TRUE(segment->publish().has_value());

  const Common<Account> account;
  Child writer([&] { write(board, *account); });
  std::vector<std::unique_ptr<Child>> children;
  for (std::size_t i = 0; i < readers; ++i) {
    children.push_back(std::make_unique<Child>([&] { read(segment->path().string(), *account); }));
  }
  const int seconds = number_from("FEEDWATCH_SHM_SECONDS", 5);
  const MonoTime end = boot_now() + std::chrono::seconds(seconds);
  ASSERT_TRUE(wait_for([&] { return boot_now() >= end; }, std::chrono::seconds(seconds) + 20s));
  account->stop = true;
  for (const auto& child : children) EXPECT_EQ(child->wait(), 0);
  EXPECT_EQ(writer.wait(), 0);

  std::printf("%llu writes, %llu reads, %llu refused as stuck\n",
              static_cast<unsigned long long>(account->writes),
              static_cast<unsigned long long>(account->reads),
              static_cast<unsigned long long>(account->stuck));
  EXPECT_EQ(account->torn, 0U);
  EXPECT_EQ(account->backwards, 0U);
  EXPECT_EQ(account->other, 0U);
  EXPECT_GT(account->writes, 10'000U);
  EXPECT_GT(account->reads, 10'000U);
  EXPECT_LT(account->stuck, account->reads / 2) << "refusals are for a writer that was stopped";
}

}  // namespace
}  // namespace feedwatch::shm
