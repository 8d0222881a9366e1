/// `feedwatch price --shm`: what the API would have said, without asking it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>

#include <nlohmann/json.hpp>

#include "feedwatch/app/client.hpp"
#include "feedwatch/shm/tests/shared_monitor.hpp"

namespace feedwatch::app {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SharedPrice : public ::testing::Test {
 protected:
  struct Ran {
    int code = -1;
    std::string out, err;
  };
  Ran price(const std::string& stream, const std::string& max_age = "1h", bool json = false) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Ran run;
    run.code = run_shared_price({.json = json}, {board(), owner}, stream, max_age);
    run.out = ::testing::internal::GetCapturedStdout();
    run.err = ::testing::internal::GetCapturedStderr();
    return run;
  }

  std::string board() const { return scratch.path / "board"; }

  std::string owner;
  shm::test::Scratch scratch;
  std::unique_ptr<shm::test::SharedMonitor> shared =
      std::make_unique<shm::test::SharedMonitor>(shm::test::segment_options(scratch.path));
};

TEST_F(SharedPrice, IsPrintedWithItsAges) {
  shared->add("v/BTC/mark");
  shared->send("v/BTC/mark", "64000.10");
  const Ran ran = price("v/BTC/mark");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("v/BTC/mark 64000.10 receive age 0"));
  const auto json = nlohmann::json::parse(price("v/BTC/mark", "1h", true).out);
  EXPECT_EQ(json.at("price"), "64000.10");
  EXPECT_EQ(json.at("source"), "live");
}

TEST_F(SharedPrice, RefusalsHaveTheirWordAndTheirExitCode) {
  shared->add("v/BTC/mark");
  EXPECT_EQ(price("v/BTC/mark").code, exit_refused);
  EXPECT_THAT(price("v/BTC/mark").err, HasSubstr("v/BTC/mark: unknown: reason ok"));
  EXPECT_THAT(price("v/ETH/mark").err, HasSubstr("unconfigured"));
  shared->send("v/BTC/mark", "64000.10");
  const Ran old = price("v/BTC/mark", "1ns", true);
  EXPECT_EQ(old.code, exit_refused);
  EXPECT_THAT(old.err, HasSubstr("too_old: reason ok, age 0"));
  EXPECT_EQ(nlohmann::json::parse(old.out).at("refusal"), "too_old");
}

TEST_F(SharedPrice, BadArgumentsAndMissingBoardsAreToldApart) {
  EXPECT_EQ(price("nonsense").code, 2);
  EXPECT_EQ(price("v/BTC/mark", "5 parsecs").code, 2);
  shared.reset();
  const Ran ran = price("v/BTC/mark");
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("no monitor writes it"));
}

TEST_F(SharedPrice, OfAnotherUserNeedsThatUserNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  constexpr uid_t monitors = 54'321;
  ASSERT_EQ(::chown(board().c_str(), monitors, monitors), 0);
  shared->add("v/BTC/mark");
  shared->send("v/BTC/mark", "64000.10");
  const Ran refused = price("v/BTC/mark");
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("belongs to user 54321"));
  EXPECT_THAT(refused.err, HasSubstr("--owner"));
  owner = "54321";
  EXPECT_EQ(price("v/BTC/mark").code, 0);
  owner = "54322";
  EXPECT_EQ(price("v/BTC/mark").code, 1);
}

TEST_F(SharedPrice, TheOwnerMayBeGivenByName) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const passwd* nobody = ::getpwnam("nobody");
  if (nobody == nullptr) GTEST_SKIP() << "this machine knows no such user";
  ASSERT_EQ(::chown(board().c_str(), nobody->pw_uid, nobody->pw_gid), 0);
  shared->add("v/BTC/mark");
  shared->send("v/BTC/mark", "64000.10");
  owner = "nobody";
  EXPECT_EQ(price("v/BTC/mark").code, 0);
}

TEST_F(SharedPrice, AnOwnerWhoIsNoUserIsAMistakeOfTheCaller) {
  for (const char* none : {"no such user", "-1", "4294967295", "4294967296", "12x"}) {
    owner = none;
    const Ran ran = price("v/BTC/mark");
    EXPECT_EQ(ran.code, 2) << none;
    EXPECT_THAT(ran.err, HasSubstr("--owner")) << none;
  }
}

}  // namespace
}  // namespace feedwatch::app
