#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/config/tests/sources.hpp"

namespace feedwatch::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Config good(const std::string& text) {
  auto config = load_text(text, "f.toml", sources());
  if (!config) throw std::runtime_error(config.error().at(0).text());
  return std::move(*config);
}

std::string error_of(const std::string& files) {
  const auto config = load_text("[positions]\nfiles = " + files + "\n", "f.toml", sources());
  return config ? "" : config.error().at(0).text();
}

TEST(ConfigPositions, files_are_named_one_by_one) {
  EXPECT_THAT(good("").position_files, IsEmpty());
  EXPECT_THAT(
      good("[positions]\nfiles = [\"/run/bot/a.json\", \"/run/bot/b.json\"]\n").position_files,
      ElementsAre("/run/bot/a.json", "/run/bot/b.json"));
}

TEST(ConfigPositions, what_is_no_file_or_no_name_of_a_source_is_said) {
  EXPECT_EQ(error_of(R"(["a.json"])"),
            R"(f.toml:2:9: positions.files: "a.json" is not an absolute path of a file )"
            R"((write it as in "/run/bot/positions.json"))");
  EXPECT_THAT(error_of(R"(["/run/bot/"])"), HasSubstr("is not an absolute path of a file"));
  EXPECT_THAT(error_of(R"(["/run/a/p.json", "/run/b/p.json"])"),
              HasSubstr("\"/run/b/p.json\" has the name of another one"));
  EXPECT_THAT(error_of("[\"/run/" + std::string(96, 'x') + "\"]"), HasSubstr("too long"));
  std::string many = "[";
  for (int i = 0; i < 9; ++i) many += (i > 0 ? ",\"/p" : "\"/p") + std::to_string(i) + "\"";
  EXPECT_THAT(error_of(many + "]"), HasSubstr("are 9, which is more than 8"));
}

}  // namespace
}  // namespace feedwatch::config
