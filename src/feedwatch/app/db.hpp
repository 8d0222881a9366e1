#pragma once

#include <string>

#include "feedwatch/app/run.hpp"

namespace feedwatch::app {

/// `feedwatch db …`: the database of [store], beside the monitor or without it.
struct DbArgs {
  ConfigArgs config;
  std::string file;  ///< backup
  bool json = false;
};

int run_db_status(const DbArgs& args);
/// Exit 1 while a monitor has the database.
int run_db_migrate(const DbArgs& args);
/// Exit 1 with findings.
int run_db_check(const DbArgs& args);
int run_db_backup(const DbArgs& args);

}  // namespace feedwatch::app
