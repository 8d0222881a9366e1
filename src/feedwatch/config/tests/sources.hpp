#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "feedwatch/config/config.hpp"

namespace feedwatch::config {

inline Sources sources(Variables more = {}, Variables flags = {}) {
  more.emplace_back("HOME", "/home/u");
  return {.file = std::nullopt, .environment = std::move(more), .flags = std::move(flags)};
}

class SecretDir {
 public:
  SecretDir() {
    std::string name = (std::filesystem::temp_directory_path() / "feedwatch-config-XXXXXX");
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = name;
  }
  SecretDir(const SecretDir&) = delete;
  SecretDir& operator=(const SecretDir&) = delete;
  ~SecretDir() { std::filesystem::remove_all(path_); }
  std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace feedwatch::config
