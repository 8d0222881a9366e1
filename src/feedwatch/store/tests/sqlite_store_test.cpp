#include <sys/wait.h>
#include <unistd.h>

#include "feedwatch/store/sqlite/sqlite_backend.hpp"
#include "feedwatch/store/tests/sqlite_support.hpp"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FEEDWATCH_TEST_TSAN 1
#endif
#endif

namespace feedwatch::store {
namespace {

TEST_F(SqliteStoreTest, LockHeldByAnotherProgramSpoolsThenReplays) {
  open();
  Database other = intruder();
  other.exec("BEGIN IMMEDIATE");
  for (int i = 0; i < 20; ++i) commit(batch_of("k" + std::to_string(i), {transition(i)}));
  ASSERT_TRUE(wait_done(20));
  EXPECT_EQ(store_->health().spooled, 20U);
  EXPECT_EQ(store_->health().last_error, "database is locked");
  other.exec("COMMIT");
  ASSERT_TRUE(mailbox_.wait_until([&] { return store_->health().committed == 20; }));
  const auto rows = query()->stream_transitions("");
  ASSERT_EQ(rows->size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(rows->at(i).row.merged, 19 - static_cast<int>(i));
  }
}

TEST_F(SqliteStoreTest, CloseKeepsItsLimitWhileAnotherProgramHoldsTheLock) {
  options_.busy_timeout = 30s;
  open();
  Database other = intruder();
  other.exec("BEGIN IMMEDIATE");
  commit(batch_of("k", {transition(1)}));
  store_->put("offset", "1");
  const MonoTime began = clock_.now();
  const Result<void> closed = store_->close(300ms);
  EXPECT_LT(clock_.now() - began, 3s);
  ASSERT_FALSE(closed) << "the state record had to be given up";
  EXPECT_NE(closed.error().text().find("closed with 0 batches"), std::string::npos)
      << "the row is durable in the spool: " << closed.error().text();
}

TEST_F(SqliteStoreTest, FullDiskSpoolsAndGoesOnWhenThereIsRoom) {
  options_.max_database_bytes = 400'000;  // of which the empty tables take half
  open();
  const std::string ballast(30'000, 'x');
  int sent = 0;
  // Until it is full.
  while (store_->health().spooled == 0 && sent < 50) {
    AlertRow row = alert_row("a" + std::to_string(sent), "resolved");
    row.message = ballast;
    commit(batch_of("k" + std::to_string(sent), {row}));
    ++sent;
    ASSERT_TRUE(wait_done(static_cast<std::size_t>(sent)));
  }
  ASSERT_LT(sent, 50);
  EXPECT_EQ(store_->health().last_error, "database or disk is full");
  {
    Database other = intruder();
    other.exec("DELETE FROM alerts WHERE id <> 'a0'");
  }
  ASSERT_TRUE(mailbox_.wait_until([&] { return store_->health().spool_bytes == 0; }));
  EXPECT_EQ(store_->health().committed, static_cast<std::uint64_t>(sent));
  EXPECT_TRUE(query()->alert("a" + std::to_string(sent - 1))->has_value());
}

// ---- opening ------------------------------------------------------------------------------------

TEST_F(SqliteStoreTest,
       PagesOverwrittenBehindItsCacheAreFoundByTheProbeAndWhatComesGoesToTheSpool) {
  open();
  commit(batch_of("k0", {transition(0)}));
  ASSERT_TRUE(wait_done(1));
  const std::filesystem::path file = *sqlite_path(options_.url);
  for (const std::string& name : {file.string(), file.string() + "-wal"}) {
    std::fstream pages(name, std::ios::binary | std::ios::in | std::ios::out);
    pages << std::string(std::filesystem::file_size(name), '\xA5');
  }
  std::optional<Result<Duration>> probed;
  store_->probe([&](Result<Duration> took) { probed = std::move(took); });
  ASSERT_TRUE(mailbox_.wait_until([&] { return probed.has_value(); }));
  ASSERT_FALSE(*probed);
  EXPECT_NE(probed->error().text().find(file.string() + " is damaged"), std::string::npos)
      << probed->error().text();
  commit(batch_of("k1", {transition(1)}));
  ASSERT_TRUE(wait_done(2));
  EXPECT_EQ(done_[1], "ok");
  EXPECT_EQ(store_->health().spooled, 1U);
  store_.reset();
  EXPECT_NE(open_error().find("is not a database"), std::string::npos) << open_error();
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end);
  open();
  const auto rows = query()->stream_transitions("");
  ASSERT_EQ(rows->size(), 1U) << "what came after the damage was found";
  EXPECT_EQ(rows->at(0).row.merged, 1);
}

TEST_F(SqliteStoreTest, ALinkToTheFileIsTheSameFile) {
  open();
  const auto link = file().parent_path() / "link.db";
  std::filesystem::create_symlink(file(), link);
  const Result<FileLock> second = FileLock::take(link);
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().why.find("is in use by process"), std::string::npos);
}

TEST_F(SqliteStoreTest, SecondStoreOnTheSameFileIsRefused) {
  open();
  EXPECT_EQ(open_error(), "database " + file().string() + ": is in use by process " +
                              std::to_string(::getpid()) +
                              " (stop the other feedwatch, or give another file in [store] url)");
}

TEST_F(SqliteStoreTest, FileThatIsNoDatabase) {
  std::filesystem::create_directories(file().parent_path());
  std::ofstream(file()) << std::string(4096, 'x');
  EXPECT_EQ(open_error(), "database " + file().string() +
                              ": is not a database (move it away, restore a backup, or give "
                              "another file in [store] url)");
  EXPECT_EQ(std::filesystem::file_size(file()), 4096U) << "left as it was";
}

TEST_F(SqliteStoreTest, DatabaseOfAnotherProgram) {
  std::filesystem::create_directories(file().parent_path());
  intruder().exec("CREATE TABLE orders (id INTEGER)");
  EXPECT_EQ(open_error(), "database " + file().string() +
                              ": is a database of another program (give another file in [store] "
                              "url)");
}

TEST_F(SqliteStoreTest, DatabaseOfAnotherProgramIsLeftAsItIs) {
  std::filesystem::create_directories(file().parent_path());
  intruder().exec("CREATE TABLE theirs (x)");
  const auto bytes = [&] {
    std::ifstream in(file(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string before = bytes();
  EXPECT_NE(open_error(), "opened");
  EXPECT_EQ(bytes(), before) << "not even its journal mode";
}

TEST_F(SqliteStoreTest, NewerSchema) {
  open();
  store_.reset();
  intruder().exec("INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0)");
  EXPECT_EQ(open_error(),
            "database " + file().string() +
                ": was written by a newer feedwatch (schema 9999, this program knows " +
                std::to_string(sqlite_migrations().size()) +
                ") (start the newer program, or give another database in [store] url)");
}

TEST_F(SqliteStoreTest, ChangedChecksum) {
  open();
  store_.reset();
  intruder().exec("UPDATE schema_migrations SET sha256 = '0123456789abcdef' WHERE version = 1");
  const std::string error = open_error();
  EXPECT_NE(error.find("holds migration 1 \"journal\" with checksum 0123456789ab…, this program "
                       "has "),
            std::string::npos)
      << error;
}

TEST_F(SqliteStoreTest, LockedDatabase) {
  open();
  store_.reset();
  Database other = intruder();
  other.exec("BEGIN EXCLUSIVE");
  EXPECT_EQ(open_error(), "database " + file().string() +
                              ": is locked by another process (end the program that writes to it, "
                              "or give another file in [store] url)");
}

TEST_F(SqliteStoreTest, DirectoryThatCannotBe) {
  std::ofstream(dir_.path() / "file") << "x";
  options_.url = "sqlite://" + (dir_.path() / "file" / "sub" / "f.db").string();
  EXPECT_EQ(open_error(), "database directory " + (dir_.path() / "file" / "sub").string() +
                              ": cannot be created: Not a directory (create it writable for the "
                              "user feedwatch runs as, or name another one)");
  options_.url = "sqlite://" + file().string();
  options_.state_dir = dir_.path() / "file";
  EXPECT_EQ(open_error(), "state directory " + (dir_.path() / "file").string() +
                              ": cannot be created: Not a directory (create it writable for the "
                              "user feedwatch runs as, or name another one)");
}

TEST_F(SqliteStoreTest, UrlsThatMeanNothing) {
  for (const char* url :
       {"mysql://x/y", "", "sqlite:/x", "sqlite://relative/x.db", "sqlite:///dir/"}) {
    options_.url = url;
    EXPECT_TRUE(open_error().starts_with("store url " + std::string(url) + ": ")) << open_error();
  }
}

TEST_F(SqliteStoreTest, QueryWithoutADatabase) {
  const auto reader = open_query(options_.url);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().text(),
            "database " + file().string() +
                ": unable to open database file (start the monitor once, or name its database in "
                "[store] url)");
}

// ---- migrations ---------------------------------------------------------------------------------

TEST(Migrate, AppliesInOrderOnceAndAllOrNothing) {
  const TempDir dir;
  const Migration one{1, "one", "aaa", "CREATE TABLE t (x INTEGER) STRICT;"};
  const Migration two{2, "two", "bbb",
                      "ALTER TABLE t ADD COLUMN y TEXT; INSERT INTO t VALUES (1,'');"};
  const Migration bad{3, "bad", "ccc", "CREATE TABLE u (x INTEGER) STRICT; nonsense;"};
  Database db(dir.path() / "f.db", Database::Mode::create, 0ms);
  ASSERT_TRUE(migrate(db, "f.db", std::array{one}, wall_from_ms(5)));
  ASSERT_TRUE(migrate(db, "f.db", std::array{one, two}, wall_from_ms(6)));
  ASSERT_TRUE(migrate(db, "f.db", std::array{one, two}, wall_from_ms(7)));
  EXPECT_EQ(db.integer("SELECT count(*) FROM t"), 1);
  EXPECT_EQ(db.integer("SELECT applied_ms FROM schema_migrations WHERE version = 2"), 6);
  EXPECT_THROW(static_cast<void>(migrate(db, "f.db", std::array{one, two, bad}, wall_from_ms(8))),
               SqliteFailure);
  EXPECT_EQ(db.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'u'"), 0);
  EXPECT_EQ(db.integer("SELECT max(version) FROM schema_migrations"), 2);
}

TEST(Migrate, BuiltInOnesCountFromOneWithoutGaps) {
  int expected = 1;
  for (const Migration& each : sqlite_migrations()) {
    EXPECT_EQ(each.version, expected++);
    EXPECT_EQ(each.sha256.size(), 64U);
    EXPECT_FALSE(each.sql.empty());
  }
  EXPECT_GT(expected, 1);
}

// ---- death --------------------------------------------------------------------------------------

class Crash : public SqliteStoreTest {
 protected:
  void SetUp() override {
#ifdef FEEDWATCH_TEST_TSAN
    GTEST_SKIP() << "the thread sanitizer does not follow a forked child that starts threads";
#endif
  }

  /// Runs `body` in a child that then dies without any clean-up.
  template <class Body>
  static void in_dying_child(Body body) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      body();
      ::_exit(7);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
  }
};

TEST_F(Crash, WhatWasAnsweredIsThereAndInOrder) {
  in_dying_child([this] {
    open();
    for (int i = 0; i < 50; ++i) commit(batch_of("k" + std::to_string(i), {transition(i)}));
    if (!wait_done(50)) ::_exit(1);
    for (int i = 50; i < 80; ++i) commit(batch_of("k" + std::to_string(i), {transition(i)}));
  });
  open();
  const auto rows = query()->stream_transitions("", 1000);
  ASSERT_GE(rows->size(), 50U);
  const auto last = static_cast<std::int64_t>(rows->size()) - 1;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    EXPECT_EQ(rows->at(i).row.merged, last - static_cast<std::int64_t>(i));
  }
}

TEST_F(Crash, HalfATransactionIsNothing) {
  open();
  store_.reset();
  in_dying_child([this] {
    Database db = intruder();
    db.exec("BEGIN IMMEDIATE");
    db.exec("INSERT INTO committed_batches VALUES ('half', 1)");
    db.exec(
        "INSERT INTO stream_transitions (stream, at, from_level, to_level, reason, fault, "
        "merged) VALUES ('s', 1, '', '', '', 0, 0)");
  });
  open();
  EXPECT_TRUE(query()->stream_transitions("")->empty());
  EXPECT_EQ(intruder().integer("SELECT count(*) FROM committed_batches"), 0);
}

TEST_F(Crash, SpoolOfADeadProcessIsReplayedAtTheNextStart) {
  open();
  store_.reset();
  in_dying_child([this] {
    open();
    Database other = intruder();
    other.exec("BEGIN IMMEDIATE");
    commit(batch_of("k0", {alert_row("a1")}));
    commit(batch_of("k1", {transition(1)}));
    if (!wait_done(2) || store_->health().spooled != 2) ::_exit(1);
  });
  EXPECT_TRUE(query()->open_alerts()->empty());
  open();
  EXPECT_EQ(query()->open_alerts()->size(), 1U) << "seen before anybody asks";
  EXPECT_EQ(query()->stream_transitions("")->size(), 1U);
}

}  // namespace
}  // namespace feedwatch::store
