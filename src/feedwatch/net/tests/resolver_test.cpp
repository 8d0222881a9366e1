#include "feedwatch/net/resolver.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>

#include "feedwatch/net/tests/net_fixture.hpp"

namespace feedwatch::net {
namespace {

using ::testing::ElementsAre;
using testing::NetTest;
using ::testing::UnorderedElementsAre;

/// Names that answer only when told to. Shared with the threads of the resolver.
class Names {
 public:
  SystemResolver::Answer look_up(const std::string& host) {
    std::unique_lock lock(mutex_);
    asked_.push_back(host);
    changed_.wait(lock, [&] { return !host.starts_with("stuck") || freed_; });
    return {.addresses = {host}, .error = ""};
  }
  void free() {
    const std::scoped_lock lock(mutex_);
    freed_ = true;
    changed_.notify_all();
  }
  std::vector<std::string> asked() {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  bool freed_ = false;
};

class ResolverTest : public NetTest {
 protected:
  ~ResolverTest() override { names->free(); }

  void ask(const std::string& host, const std::shared_ptr<int>& asker) {
    slow.resolve(host, asker, [this, host](const auto& addresses, const std::string& error) {
      answers.push_back(addresses.empty() ? host + ": " + error : addresses[0]);
    });
  }
  bool asked(std::size_t names_asked) {
    return until([&] { return names->asked().size() == names_asked; });
  }

  std::shared_ptr<Names> names = std::make_shared<Names>();
  SystemResolver slow{reactor, [all = names](const std::string& h) { return all->look_up(h); }};
  std::shared_ptr<int> here = std::make_shared<int>();
  std::vector<std::string> answers;
};

TEST_F(ResolverTest, ANameIsLookedUpOnceForAllWhoAsk) {
  for (int i = 0; i < 3; ++i) ask("stuck", here);
  ASSERT_TRUE(asked(1));
  ask("stuck", here);
  names->free();
  ASSERT_TRUE(until([&] { return answers.size() == 4; }));
  EXPECT_THAT(names->asked(), ElementsAre("stuck"));
  ask("stuck", here);  // afterwards it is asked anew
  ASSERT_TRUE(asked(2));
}

// A venue whose name does not resolve is dialled again and again while one look-up blocks.
TEST_F(ResolverTest, WhoAsksAgainTakesNobodysPlace) {
  auto asker = std::make_shared<int>();
  ask("stuck", asker);
  ASSERT_TRUE(asked(1));
  for (int i = 0; i < 300; ++i) {
    asker = std::make_shared<int>();
    ask("stuck", asker);
  }
  ask("other", here);
  ASSERT_TRUE(until([&] { return !answers.empty(); }));
  EXPECT_THAT(answers, ElementsAre("other"));
  EXPECT_THAT(names->asked(), ElementsAre("stuck", "other"));
}

TEST_F(ResolverTest, NamesNobodyWaitsForAnyMoreAreSkipped) {
  ask("stuck-1", here);
  ask("stuck-2", here);
  ASSERT_TRUE(asked(2));
  {
    const auto leaving = std::make_shared<int>();
    ask("given-up", leaving);
    ask("half-given-up", leaving);
    ask("half-given-up", here);
  }
  ask("wanted", here);
  names->free();
  ASSERT_TRUE(until([&] { return answers.size() == 4; }));
  EXPECT_THAT(answers, UnorderedElementsAre("stuck-1", "stuck-2", "half-given-up", "wanted"));
  EXPECT_THAT(names->asked(),
              UnorderedElementsAre("stuck-1", "stuck-2", "half-given-up", "wanted"));
}

TEST_F(ResolverTest, TooManyNamesFailAtOnce) {
  ask("stuck-1", here);
  ask("stuck-2", here);
  ASSERT_TRUE(asked(2));
  for (int i = 0; i < 256; ++i) ask("name-" + std::to_string(i), here);
  ask("one-more", here);
  ask("name-7", here);  // waits already
  ASSERT_TRUE(until([&] { return !answers.empty(); }));
  EXPECT_THAT(answers, ElementsAre("one-more: too many names wait"));
}

TEST_F(ResolverTest, AnAnswerMayEndTheResolver) {
  auto own = std::make_unique<SystemResolver>(
      reactor, [](const std::string& host) { return SystemResolver::Answer{{host}, ""}; });
  int told = 0;
  for (int i = 0; i < 2; ++i) {
    own->resolve("name", here, [&](const auto&, const auto&) {
      ++told;
      own.reset();
    });
  }
  ASSERT_TRUE(until([&] { return told > 0; }));
  turn_for(10ms);
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace feedwatch::net
