#include "feedwatch/store/spool.hpp"

#include "feedwatch/store/batch_codec.hpp"
#include "feedwatch/store/tests/support.hpp"

namespace feedwatch::store {
namespace {

constexpr std::size_t record_header = 20;

class SpoolTest : public ::testing::Test {
 protected:
  Spool open(std::size_t max = 1U << 20U) {
    Result<Spool> spool = Spool::open(file(), max);
    if (!spool) throw std::runtime_error(spool.error().text());
    return std::move(*spool);
  }
  std::filesystem::path file() const { return dir_.path() / "spool"; }

  static void put(Spool& spool, const std::string& key) {
    const JournalBatch batch = batch_of(key, {transition(1)});
    const JournalBatch* one = &batch;
    ASSERT_TRUE(spool.append({&one, 1}));
  }
  static std::vector<std::string> keys(Spool& spool) {
    std::vector<std::string> keys;
    for (const JournalBatch& batch : spool.peek(1000)) keys.push_back(batch.idempotency_key);
    return keys;
  }

  TempDir dir_;
};

using Keys = std::vector<std::string>;

TEST_F(SpoolTest, KeepsOrderAcrossReopenAndClears) {
  {
    Spool spool = open();
    for (const char* key : {"a", "b", "c"}) put(spool, key);
    EXPECT_EQ(spool.waiting(), 3U);
  }
  Spool spool = open();
  EXPECT_EQ(spool.waiting(), 3U);
  EXPECT_EQ(keys(spool), (Keys{"a", "b", "c"}));
  spool.advance(2);
  EXPECT_EQ(keys(spool), (Keys{"c"}));
  put(spool, "d");
  EXPECT_EQ(keys(spool), (Keys{"c", "d"}));
  spool.advance(2);
  EXPECT_TRUE(keys(spool).empty());
  ASSERT_TRUE(spool.clear());
  EXPECT_EQ(spool.bytes(), 0U);
  EXPECT_EQ(std::filesystem::file_size(file()), 0U);
  put(spool, "e");
  EXPECT_EQ(keys(spool), (Keys{"e"}));
}

TEST_F(SpoolTest, PeekStopsAtRowLimitButGivesAtLeastOne) {
  Spool spool = open();
  for (const char* key : {"a", "b", "c"}) put(spool, key);
  EXPECT_EQ(spool.peek(1).size(), 1U);
  EXPECT_EQ(spool.peek(3).size(), 2U);
}

TEST_F(SpoolTest, ReplaysFromTheStartWhenNotCleared) {
  {
    Spool spool = open();
    put(spool, "a");
    put(spool, "b");
    ASSERT_EQ(spool.peek(1).size(), 1U);
    spool.advance(1);
  }
  Spool spool = open();
  EXPECT_EQ(keys(spool), (Keys{"a", "b"}));
}

TEST_F(SpoolTest, BoundIsExactAndAppendIsAllOrNothing) {
  const JournalBatch batch = batch_of("k", {transition(1)});
  const std::size_t size = record_header + encode_batch(batch).size();
  Spool spool = open(2 * size);
  const JournalBatch* three[] = {&batch, &batch, &batch};
  const Result<void> over = spool.append(three);
  ASSERT_FALSE(over);
  EXPECT_NE(over.error().text().find("is full (0 of "), std::string::npos) << over.error().text();
  EXPECT_EQ(spool.bytes(), 0U);
  ASSERT_TRUE(spool.append(std::span(three).first(2)));
  EXPECT_EQ(spool.bytes(), 2 * size);
  EXPECT_FALSE(spool.append(std::span(three).first(1)));
  EXPECT_EQ(spool.waiting(), 2U);
}

TEST_F(SpoolTest, TornEndIsDroppedWhereverItWasCut) {
  {
    Spool spool = open();
    put(spool, "a");
    put(spool, "b");
  }
  const auto whole = std::filesystem::file_size(file());
  for (auto size = whole - 1; size > whole / 2; --size) {
    std::filesystem::resize_file(file(), size);
    Spool spool = open();
    EXPECT_EQ(keys(spool), (Keys{"a"})) << size;
    EXPECT_EQ(spool.damaged(), 1U);
    EXPECT_EQ(std::filesystem::file_size(file()), whole / 2);
    put(spool, "b");
  }
}

TEST_F(SpoolTest, DamageIsKeptAsideAndNothingBehindItIsReplayed) {
  {
    Spool spool = open();
    for (const char* key : {"a", "b", "c"}) put(spool, key);
  }
  const auto third = std::filesystem::file_size(file()) / 3;
  {
    std::fstream io(file(), std::ios::in | std::ios::out | std::ios::binary);
    io.seekp(static_cast<std::streamoff>(third + record_header + 3));
    io.put('!');
  }
  Spool spool = open();
  EXPECT_EQ(keys(spool), (Keys{"a"}));
  EXPECT_EQ(spool.damaged(), 1U);
  EXPECT_EQ(std::filesystem::file_size(file().string() + ".damaged"), 3 * third);
}

TEST_F(SpoolTest, BelongsToOneProgramAtATime) {
  {
    const Spool first = open();
    const Result<Spool> second = Spool::open(file(), 10);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().text(), "spool " + file().string() +
                                         ": is in use by another feedwatch (stop that one, or " +
                                         "give another [store] state_dir)");
  }
  EXPECT_TRUE(Spool::open(file(), 10));
}

TEST_F(SpoolTest, NoDirectoryIsAnErrorThatNamesTheFile) {
  const Result<Spool> spool = Spool::open(dir_.path() / "none" / "spool", 10);
  ASSERT_FALSE(spool);
  EXPECT_EQ(spool.error().what, "spool " + (dir_.path() / "none" / "spool").string());
  EXPECT_EQ(spool.error().why, "cannot open: No such file or directory");
}

}  // namespace
}  // namespace feedwatch::store
