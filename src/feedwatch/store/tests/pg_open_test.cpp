#include <libpq-fe.h>

#include <thread>

#include "feedwatch/store/postgres/pg_migrate.hpp"
#include "feedwatch/store/postgres/pg_resolve.hpp"
#include "feedwatch/store/tests/pg_fixture.hpp"

namespace feedwatch::store {
namespace {

std::string url_error(const std::string& url) {
  const auto target = pg_target(url, {});
  return target ? "taken: " + target->shown : target.error().text();
}

TEST(PgUrl, SaysWhereAndNeverThePassword) {
  EXPECT_EQ(url_error("postgresql://me@db.example:6432/feed?sslmode=verify-full"),
            "taken: postgresql://me@db.example:6432/feed");
  EXPECT_EQ(url_error("postgres://db/feed"), "taken: postgresql://db/feed");
  for (const char* url :
       {"postgresql://me:sesame@db/feed", "postgresql://me:@db/feed",
        "postgresql://db/feed?password=sesame", "postgresql://db/feed?sslpassword=sesame",
        "postgresql://me:sesame@db/feed?%zz", "postgresql://me@db", "postgresql://db/feed?odd=1",
        "postgresql://db/%zz", "sqlite:///x"}) {
    const std::string error = url_error(url);
    EXPECT_TRUE(error.starts_with("store url postgresql://…: ")) << url << ": " << error;
    EXPECT_FALSE(error.contains("sesame")) << error;
  }
  EXPECT_NE(url_error("postgresql://me:x@db/feed").find("[store] password_file"),
            std::string::npos);
}

TEST(PgTime, MicrosecondsBothWays) {
  for (const std::int64_t us :
       {0LL, 1LL, -1LL, 946'684'800'000'000LL, 1'700'000'000'123'456LL, -2'000'000'000'000'001LL}) {
    EXPECT_EQ(wall_of_pg(pg_time(wall_from_ns(us * 1000))), wall_from_ns(us * 1000));
    EXPECT_EQ(wall_of_pg(pg_time(wall_from_ns(us * 1000 + 999))), wall_from_ns(us * 1000));
  }
}

TEST(PgResolve, NamesOnly) {
  EXPECT_TRUE(is_host_name("localhost"));
  for (const char* other : {"", "127.0.0.1", "::1", "/run/postgresql", "a,b"}) {
    EXPECT_FALSE(is_host_name(other)) << other;
  }
  PgWait wait;
  EXPECT_FALSE(resolve("localhost", wait, PgWait::in(5s)).empty());
  wait.interrupt();
  EXPECT_TRUE(resolve("feedwatch.invalid", wait, PgWait::in(5s)).empty());
}

class PgOpen : public PgFixture {};

TEST_F(PgOpen, AHostNameIsResolved) {
  options_.url =
      "postgresql://postgres@localhost:" + std::to_string(server_->port()) + "/" + database_;
  open();
  EXPECT_EQ(store_->health().consecutive_failures, 0U) << store_->health().last_error;
}

TEST_F(PgOpen, ADatabaseThatIsNotThere) {
  options_.url = server_->url("nowhere");
  const std::string error = open_error();
  EXPECT_NE(error.find("database \"nowhere\" does not exist (create it: createdb"),
            std::string::npos)
      << error;
}

TEST_F(PgOpen, PasswordsComeFromAFileAndAreNotShown) {
  server_->ask("postgres",
               "SET password_encryption = 'scram-sha-256'; "
               "CREATE ROLE watcher LOGIN PASSWORD 'open sesame'; "
               "ALTER DATABASE " +
                   database_ + " OWNER TO watcher");
  server_->write("pg_hba.conf",
                 "host all watcher all scram-sha-256\nhost all postgres all trust\n");
  server_->reload();
  options_.url =
      "postgresql://watcher@127.0.0.1:" + std::to_string(server_->port()) + "/" + database_;
  const std::filesystem::path file = dir_.path() / "password";
  EXPECT_NE(open_error().find("no password supplied"), std::string::npos) << open_error();
  options_.password_file = file;
  EXPECT_NE(open_error().find("cannot be read or is empty"), std::string::npos) << open_error();
  std::ofstream(file) << "close sesame\n";
  const std::string wrong = open_error();
  EXPECT_NE(wrong.find("password authentication failed for user \"watcher\""), std::string::npos)
      << wrong;
  EXPECT_FALSE(wrong.contains("sesame")) << wrong;
  std::ofstream(file) << "open sesame\n";
  open();
  commit_range(0, 3);
  ASSERT_TRUE(wait_done(3));
  EXPECT_EQ(store_->health().committed, 3U);
}

TEST_F(PgOpen, ASchemaOfAnotherProgramIsLeftAlone) {
  server_->ask(database_, "CREATE SCHEMA feedwatch; CREATE TABLE feedwatch.orders (x int)");
  EXPECT_NE(open_error().find("has a schema feedwatch of another program"), std::string::npos);
  EXPECT_EQ(server_->ask(database_,
                         "SELECT count(*) FROM pg_tables WHERE schemaname = "
                         "'feedwatch'"),
            "1");
}

TEST_F(PgOpen, ANewerSchemaIsRefused) {
  open();
  store_.reset();
  server_->ask(database_, "INSERT INTO feedwatch.schema_migrations VALUES (9999, 'future', 'x')");
  EXPECT_NE(open_error().find("was written by a newer feedwatch (schema 9999, this program knows "),
            std::string::npos)
      << open_error();
}

TEST_F(PgOpen, ProgramsThatStartTogetherMigrateOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> fine = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      PgWait wait;
      PgConnection connection(*pg_target(options_.url, {}), 20s, wait);
      connection.connect();
      if (migrate(connection, postgres_migrations())) ++fine;
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(fine, 4);
  EXPECT_EQ(server_->ask(database_, "SELECT count(*) FROM feedwatch.schema_migrations"),
            std::to_string(postgres_migrations().size()));
}

TEST_F(PgOpen, AMigrationThatFailsLeavesNothing) {
  PgWait wait;
  PgConnection connection(*pg_target(options_.url, {}), 5s, wait);
  connection.connect();
  const Migration bad{1, "bad", "aaa", "CREATE TABLE t (x int); nonsense;"};
  EXPECT_THROW(static_cast<void>(migrate(connection, std::array{bad})), PgFailure);
  EXPECT_EQ(server_->ask(database_,
                         "SELECT count(*) FROM pg_tables WHERE schemaname = "
                         "'feedwatch'"),
            "0");
  const Migration good{1, "good", "bbb", "CREATE TABLE t (x int);"};
  EXPECT_TRUE(migrate(connection, std::array{good})) << "the connection is as good as new";
}

TEST_F(PgOpen, TlsIsCheckedAsTheUrlSays) {
  const std::filesystem::path pem = dir_.path();
  const std::string make =
      "cd " + pem.string() +
      " && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj "
      "/CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null && openssl req -x509 -newkey "
      "rsa:2048 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=other 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  const auto text = [&](const char* file) {
    std::ifstream in(pem / file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  server_->write("server.key", text("key.pem"));
  server_->write("server.crt", text("cert.pem"));
  server_->write("pg_hba.conf",
                 "hostssl all all all trust\nhost all postgres 127.0.0.1/32 trust\n");
  server_->ask("postgres", "ALTER SYSTEM SET ssl = on");
  server_->reload();
  const std::string tls = "postgresql://postgres@localhost:" + std::to_string(server_->port()) +
                          "/" + database_ + "?sslmode=verify-full&sslrootcert=";
  options_.url = tls + (pem / "cert.pem").string();
  // The server takes up its key a moment after it was told.
  ASSERT_TRUE(mailbox_.wait_until([&] {
    store_.reset();
    open();
    return store_->health().consecutive_failures == 0;
  }));
  EXPECT_EQ(server_->ask(database_,
                         "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                         "WHERE application_name = 'feedwatch'"),
            "t");
  store_.reset();
  options_.url = tls + (pem / "other.pem").string();
  open();
  EXPECT_NE(store_->health().consecutive_failures, 0U) << "another authority's";
}

}  // namespace
}  // namespace feedwatch::store
